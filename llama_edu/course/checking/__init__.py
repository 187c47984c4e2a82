"""An answer in, a verdict out: which mistake it is, and what to think about next."""
