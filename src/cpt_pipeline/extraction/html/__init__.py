"""Web pages to text: the article with its tables, lists, formulas and code."""
