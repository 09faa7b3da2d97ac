"""{{ cookiecutter.project_name }}: a project that runs the stages of cpt_pipeline with a conf of its own."""
