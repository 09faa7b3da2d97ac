"""PDF to text: pages, lines, and a grade of how well they were parsed."""
