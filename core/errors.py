"""Errors, sorted by what must follow from them; each knows the exit code of a command that ends with it."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What a `letrade` command tells its caller."""

    OK = 0
    BUG = 1
    USAGE = 2
    NOT_RUNNING = 3
    CONFIGURATION = 4
    TIMEOUT = 5
    DATA = 6
    LEDGER_MISMATCH = 7
    RESOURCE = 8
    NATS = 9
    FORCED = 130


class LetradeError(Exception):
    """Says what was expected, what was found, and what to do. A plain LetradeError is a bug of ours."""

    exit_code: ExitCode = ExitCode.BUG


class ConfigurationError(LetradeError):
    """The desk file, an override or a command's arguments do not describe a desk."""

    exit_code = ExitCode.CONFIGURATION


class UsageError(LetradeError):
    """The command was called wrongly."""

    exit_code = ExitCode.USAGE


class NotRunningError(LetradeError):
    """No desk answers where one was expected."""

    exit_code = ExitCode.NOT_RUNNING


class TimeoutExpired(LetradeError):
    """An answer did not come in time; what was asked may or may not have happened."""

    exit_code = ExitCode.TIMEOUT


class DataError(LetradeError):
    """A message, a file or a number is not what its format promises."""

    exit_code = ExitCode.DATA


class LedgerMismatch(LetradeError):
    """Our ledger and the venue's differ. The account halts for opening; the desk goes on."""

    exit_code = ExitCode.LEDGER_MISMATCH


class ResourceError(LetradeError):
    """A port, a lock, a disk or memory is not to be had."""

    exit_code = ExitCode.RESOURCE


class NatsError(LetradeError):
    """The NATS server cannot be reached, or refuses."""

    exit_code = ExitCode.NATS


class VenueRetryable(LetradeError):
    """The venue could not answer now; the same request may be sent again under the same client order id."""


class VenueRefused(LetradeError):
    """The venue said no; the same request would be refused again."""


class Inconsistent(LetradeError):
    """An actor's state contradicts itself: it stops, and its supervisor restarts it."""


class FeedbackLoop(Inconsistent):
    """One step caused more messages than any honest step does."""
