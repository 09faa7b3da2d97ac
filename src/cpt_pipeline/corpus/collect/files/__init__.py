"""Files and folders of a source: lists, archives, repositories, parts, works."""
