"""Sites: robots.txt, fetching, links, and the store of pages."""
