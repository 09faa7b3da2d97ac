"""One folder per stage: those of cpt_pipeline, and yours."""
