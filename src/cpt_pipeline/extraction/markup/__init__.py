"""XML to text, and what all formats write alike: tables, lists, scripts, symbols, formulas."""
