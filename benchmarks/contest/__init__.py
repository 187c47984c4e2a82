"""A contest: who foresees held-out text best after five minutes on two cores? docs/contest.md."""
