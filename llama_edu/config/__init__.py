"""The shape of every model in the family: one frozen config, one table of presets."""

from llama_edu.config.model import ModelConfig
from llama_edu.config.parts import Experts, LinearRopeScaling, LocalLayers, RopeScaling, Router
from llama_edu.config.presets import PRESETS

__all__ = [
    "PRESETS", "Experts", "LinearRopeScaling", "LocalLayers", "ModelConfig", "RopeScaling",
    "Router",
]  # fmt: skip
