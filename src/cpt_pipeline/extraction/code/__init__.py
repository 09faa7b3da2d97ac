"""Source code and what stands around it: languages, licences, notebooks, LaTeX."""
