"""llama_edu: the LLaMA family, built step by step and proved against the real one."""

__version__ = "0.1.0"
