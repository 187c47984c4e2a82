"""The doctor of a run: what went wrong in a training, said with evidence and with what to do.

`read` the folder of a run; ask its `curves`, the `data` it was shown and the `model` it left; where
these leave a doubt, make a short `trial`. `diagnose` does all of it.
"""

from llama_edu.train.doctor.diagnose import Diagnosis, diagnose
from llama_edu.train.doctor.finding import Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
