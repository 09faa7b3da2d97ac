"""Word, OpenDocument, EPUB, RTF, slides and spreadsheets."""
