"""Small models that data stages train or load: classifiers and encoders."""
