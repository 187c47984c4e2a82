"""From hours of GPUs to electricity and carbon, as LLaMA's paper counts them."""

from dataclasses import dataclass

# Power usage effectiveness: what the data centre takes over what its computers take.
PUE = 1.1  # arXiv:2302.13971, sec. 6
# Carbon of a kilowatt-hour from the grid, the mean of the United States, in kg CO2 equivalents.
GRID = 0.385  # arXiv:2302.13971, sec. 6


@dataclass(frozen=True)
class Bill:
    """Electricity and carbon of a run.

    Args:
        kwh: electricity, data centre included.
        kg: CO2 equivalents of that electricity; making the machines is not in it.
    """

    kwh: float
    kg: float


def bill(gpu_hours: float, watts: float, pue: float = PUE, grid: float = GRID) -> Bill:
    """What a run takes and emits, as if each GPU took its most all the time.

    kWh = hours * watts / 1000 * PUE, kg = kWh * grid. The same formula gives every row of LLaMA's
    table 15 and of Llama 2's table 2 to within one per cent.

    Args:
        gpu_hours: hours times GPUs.
        watts: of one GPU; the CPUs, the network and the disks beside it are left out, as there.
        pue: at least 1.
        grid: kg CO2 equivalents a kWh: 0 to about 1, by country and hour.

    Raises:
        ValueError: if a number is out of range.

    Source: arXiv:2302.13971, sec. 6.
    """
    if gpu_hours < 0 or watts < 0 or grid < 0:
        raise ValueError(f"{gpu_hours=}, {watts=} and {grid=} must not be negative")
    if pue < 1:
        raise ValueError(f"{pue=} must be at least 1: a data centre takes what its computers take")
    kwh = gpu_hours * watts / 1000 * pue
    return Bill(kwh, kwh * grid)
