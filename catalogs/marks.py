"""Laws of what an event carries beside its time: its marks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from catalogs.magnitudes import GutenbergRichter
from catalogs.sequence import EventSequence, FloatArray


class MarkLaw(ABC):
    """The law of one mark of an event, given its time and all earlier events.

    With a ground process of intensity lambda(t | H_t) and mark laws f_k, the events follow

        lambda(t, x_1, x_2, ... | H_t) = lambda(t | H_t) prod_k f_k(x_k | t, H_t)

    (Daley and Vere-Jones 2003, section 7.3), so that the log-likelihood is that of the times plus
    one sum for each mark. Each mark is scored separately, by name.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Compared(FixedMagnitudes):  # with a law of b = 0.8
    ...     reference = FixedMagnitudes(GutenbergRichter(2.5, b=0.8))
    >>> events = EventSequence([1.0, 4.0], [3.0, 6.5], start=0.0, end=5.0)
    >>> Compared(GutenbergRichter(2.5, b=1.0)).gain(events).round(2)
    array([-0.01, -1.62])
    """

    name: ClassVar[str]
    """Name of the mark, such as ``magnitude``."""

    @abstractmethod
    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Log density of the mark of each scored event, ln f(x_i | t_i, H).

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.

        Returns
        -------
        array (scored event,)
            In nats.
        """

    @property
    def reference(self) -> MarkLaw | None:
        """The memoryless law that this one is compared with; None where it is that law."""
        return None

    def gain(self, sequence: EventSequence) -> FloatArray | None:
        """Log density less that of the reference.

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.

        Returns
        -------
        array (scored event,) or None
            In nats; None without a reference.
        """
        if self.reference is None:
            return None
        return self.log_density(sequence) - self.reference.log_density(sequence)


@dataclass(frozen=True)
class FixedMagnitudes(MarkLaw):
    """Magnitudes that follow one Gutenberg-Richter law, whatever came before."""

    name: ClassVar[str] = "magnitude"
    law: GutenbergRichter

    def log_density(self, sequence: EventSequence) -> FloatArray:
        """ln p(m_i), nats, shape (n_scored,)."""
        return self.law.log_density(sequence.magnitudes[sequence.first_scored :])
