"""Risk in the compiled desk: the rules that an opening request must pass, and what is reserved for approved ones."""

from letrade.hotpath.simulation.execution import Execution

class Risk(Execution):
    """Judges in exact whole numbers where a limit is a size, else in doubles where they are sure, else in fractions."""
