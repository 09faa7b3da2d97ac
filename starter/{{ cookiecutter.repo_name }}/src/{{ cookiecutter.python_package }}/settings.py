"""The settings of cpt_pipeline: its hooks, and how an environment is laid over base."""

from cpt_pipeline.settings import CONFIG_LOADER_ARGS, CONFIG_LOADER_CLASS, DISABLE_HOOKS_FOR_PLUGINS, HOOKS

__all__ = ["CONFIG_LOADER_ARGS", "CONFIG_LOADER_CLASS", "DISABLE_HOOKS_FOR_PLUGINS", "HOOKS"]
