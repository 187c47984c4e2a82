"""Annotation: valid records, how far two annotators agree, and no test item among the training."""

from llama_edu.data.annotate.agreement import cohen_kappa
from llama_edu.data.annotate.contamination import EvaluationGrams
from llama_edu.data.annotate.records import (
    Instruction,
    QuestionAnswer,
    Record,
    Summary,
    parse_record,
    read_records,
    write_records,
)

__all__ = [
    "EvaluationGrams",
    "Instruction",
    "QuestionAnswer",
    "Record",
    "Summary",
    "cohen_kappa",
    "parse_record",
    "read_records",
    "write_records",
]
