"""What runs per tick, compiled: numbers in, numbers out; no I/O, no asyncio, no messages."""
