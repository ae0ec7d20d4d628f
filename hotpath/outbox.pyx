"""The sending side of a NATS connection without its socket: commands as bytes, until somebody takes them."""
import re

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memmove

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* length) except NULL

SUBJECT_BYTES_MAX = 256

cdef char ZERO = b"0"
cdef Py_ssize_t FIRST_CAPACITY = 256 * 1024
cdef Py_ssize_t KEPT_CAPACITY = 4 * FIRST_CAPACITY
cdef Py_ssize_t SUBJECT_MAX = SUBJECT_BYTES_MAX
# The longest command is HPUB with two subjects and two numbers.
cdef Py_ssize_t COMMAND_BYTES_MAX = 2 * SUBJECT_BYTES_MAX + 64
cdef object IS_HEADER_KEY = re.compile(r"[!-9;-~]+").fullmatch
cdef object IS_HEADER_VALUE = re.compile(r"[^\r\n\0]*").fullmatch


def header_block(headers):
    """The block of a message with headers; ValueError for what would break it."""
    lines = ["NATS/1.0"]
    for key, value in headers.items():
        if IS_HEADER_KEY(key) is None or IS_HEADER_VALUE(value) is None:
            raise ValueError(f"expected a header without spaces in its key or line breaks, found {key!r}: {value!r}")
        lines.append(f"{key}: {value}")
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"expected headers that are text, found half a character: {error}") from error


cdef bint is_subject(const char* text, Py_ssize_t length) noexcept:
    """Tokens joined by dots, none of them empty; no blank and no control byte."""
    cdef Py_ssize_t place
    cdef unsigned char last = b".", c
    for place in range(length):
        c = <unsigned char>text[place]
        if c <= 32 or c == 127 or (c == b"." and last == b"."):
            return False
        last = c
    return last != b"."


cdef bint has_wildcard(const char* text, Py_ssize_t length) noexcept:
    """Whether a token is `*` or `>`."""
    cdef Py_ssize_t place
    for place in range(length):
        if (text[place] == b"*" or text[place] == b">") and (place == 0 or text[place - 1] == b"."):
            if place == length - 1 or text[place + 1] == b".":
                return True
    return False


cdef class Outbox:
    """What waits to be written to one connection."""

    def __cinit__(self, error, wake, waiting_max):
        self.buffer = <char*>PyMem_Malloc(FIRST_CAPACITY)
        self.runs = <Run*>PyMem_Malloc(64 * sizeof(Run))
        if self.buffer == NULL or self.runs == NULL:
            raise MemoryError()
        self.capacity, self.run_capacity = FIRST_CAPACITY, 64
        self.error, self.wake, self.waiting_max = error, wake, waiting_max
        self.payload_max = 1024 * 1024
        self.inbox = b""

    def __dealloc__(self):
        PyMem_Free(self.buffer)
        PyMem_Free(self.runs)

    def __len__(self):
        return self.length

    # Commands

    def publish(self, str subject not None, bytes payload not None, str reply not None="", headers=None, *,
                bint late_ok=False):
        cdef Text answer = Text(start=NULL, length=0)
        if reply:
            answer = self.subject(reply, True)
        self.write_publish(subject, payload, answer, -1, headers, late_ok)

    def ask(self, str subject not None, bytes payload not None, int64_t token, headers=None):
        cdef bytes held = self.inbox
        cdef Text inbox
        if token < 0:
            raise ValueError(f"a token is a whole number from 0, found {token}")
        if held is None or not 0 < PyBytes_GET_SIZE(held) <= SUBJECT_MAX + 1:
            raise ValueError(f"expected an inbox of at most {SUBJECT_BYTES_MAX} bytes and a dot, found {held!r}")
        inbox = Text(start=PyBytes_AS_STRING(held), length=PyBytes_GET_SIZE(held))
        self.write_publish(subject, payload, inbox, token, headers, False)

    cdef int write_publish(self, str subject, bytes payload, Text answer, int64_t token, headers, bint late_ok) except -1:
        cdef Text target = self.subject(subject, True)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(payload), head = 0, room
        cdef bytes block = None
        if not self.open and not late_ok:
            raise self.error(f"not connected to NATS: {subject} was not sent, and will not be sent late")
        if headers:
            block = headers if type(headers) is bytes else self.block(headers)
            head = PyBytes_GET_SIZE(block)
        if size + head > self.payload_max:
            raise self.error(f"{subject}: {size + head} bytes are more than the server's {self.payload_max}")
        room = COMMAND_BYTES_MAX + head + size
        if self.length + self.unwritten + room > self.waiting_max or self.length + room > self.capacity:
            self.make_room(room, subject, late_ok)
        if block is None:
            self.put(b"PUB ", 4)
        else:
            self.put(b"HPUB ", 5)
        self.put(target.start, target.length)
        self.put(b" ", 1)
        if answer.length:
            self.put(answer.start, answer.length)
            if token >= 0:
                self.put_number(token)
            self.put(b" ", 1)
        if block is not None:
            self.put_number(head)
            self.put(b" ", 1)
        self.put_number(head + size)
        self.put(b"\r\n", 2)
        if block is not None:
            self.put(PyBytes_AS_STRING(block), head)
        self.put(PyBytes_AS_STRING(payload), size)
        self.put(b"\r\n", 2)
        self.sent += 1
        self.sent_bytes += size
        return self.finish(late_ok, 1)

    cdef bytes block(self, headers):
        try:
            return header_block(headers)
        except ValueError as error:
            raise self.error(str(error)) from None

    def subscribe(self, str subject not None, int64_t sid, str queue not None="", int64_t limit=0):
        self.check(subject, queue)
        self.command(f"SUB {subject} {queue} {sid}\r\n".encode())
        if limit:
            self.unsubscribe(sid, limit)

    def check(self, str subject not None, str queue not None=""):
        self.subject(subject, False)
        if queue:
            self.subject(queue, True)

    def unsubscribe(self, int64_t sid, int64_t limit=0):
        self.command(b"UNSUB %d %d\r\n" % (sid, limit) if limit else b"UNSUB %d\r\n" % sid)

    def command(self, bytes data not None):
        """Bytes of ours that depend on the connection: after it they mean nothing, and are not counted as dropped."""
        if not self.open:
            return
        self.grow(PyBytes_GET_SIZE(data))
        self.put(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        self.finish(False, 0)

    # Taking

    def take(self):
        cdef bytes data = PyBytes_FromStringAndSize(self.buffer, self.length)
        cdef char* shrunk
        self.length, self.run_count, self.awake = 0, 0, False
        if self.capacity > KEPT_CAPACITY:
            shrunk = <char*>PyMem_Realloc(self.buffer, FIRST_CAPACITY)
            if shrunk != NULL:
                self.buffer, self.capacity = shrunk, FIRST_CAPACITY
        return data

    def drop_early(self):
        """Forgets all that must not be sent late, and counts the messages."""
        cdef Py_ssize_t start = 0, kept = 0, size
        cdef int64_t messages = 0
        cdef int place
        for place in range(self.run_count):
            size = self.runs[place].end - start
            if self.runs[place].late:
                memmove(self.buffer + kept, self.buffer + start, size)
                kept += size
                messages += self.runs[place].messages
            else:
                self.dropped += self.runs[place].messages
            start = self.runs[place].end
        self.length, self.run_count, self.awake = kept, 0, False
        if kept:
            self.runs[0] = Run(end=kept, messages=messages, late=True)
            self.run_count = 1

    def drop_all(self):
        """Forgets all that waits, and counts the messages."""
        cdef int place
        for place in range(self.run_count):
            self.dropped += self.runs[place].messages
        self.length, self.run_count, self.awake = 0, 0, False

    # Subjects

    cdef Text subject(self, str subject, bint literal) except *:
        """Its bytes, which live as long as the text. Whatever could break a line, or a token, is refused."""
        cdef Py_ssize_t length = 0
        cdef const char* start = NULL
        try:
            start = PyUnicode_AsUTF8AndSize(subject, &length)
        except UnicodeEncodeError:
            pass
        if start == NULL or not 0 < length <= SUBJECT_MAX or not is_subject(start, length):
            raise self.error(
                f"expected a NATS subject (tokens joined by dots, no spaces, at most {SUBJECT_BYTES_MAX} bytes), "
                f"found {subject[:SUBJECT_BYTES_MAX]!r}"
            )
        if literal and has_wildcard(start, length):
            raise self.error(f"expected a subject without wildcards, found {subject!r}")
        return Text(start=start, length=length)

    # The buffer

    cdef int make_room(self, Py_ssize_t room, str what, bint late_ok) except -1:
        """The slow way in: too much waits, or the buffer is too small."""
        if self.open:
            self.wake(True)  # hands over what waits, and learns how much the connection has not taken yet
            if not self.open and not late_ok:
                raise self.error(f"the connection to NATS broke: {what} was not sent, and will not be sent late")
        if self.length + self.unwritten + room > self.waiting_max:
            self.dropped += 1
            raise self.error(f"{self.waiting_max} bytes wait to be sent to NATS: {what} was not sent")
        return self.grow(room)

    cdef int grow(self, Py_ssize_t room) except -1:
        cdef Py_ssize_t capacity = self.capacity
        cdef char* grown
        while capacity - self.length < room:
            capacity *= 2
        if capacity > self.capacity:
            grown = <char*>PyMem_Realloc(self.buffer, capacity)
            if grown == NULL:
                raise MemoryError()
            self.buffer, self.capacity = grown, capacity
        return 0

    cdef int put(self, const char* data, Py_ssize_t length) noexcept:
        memcpy(self.buffer + self.length, data, length)
        self.length += length
        return 0

    cdef int put_number(self, Py_ssize_t number) noexcept:
        cdef char digits[24]
        cdef int place = 24
        while True:
            place -= 1
            digits[place] = <char>(ZERO + number % 10)
            number //= 10
            if number == 0:
                break
        return self.put(digits + place, 24 - place)

    cdef int finish(self, bint late, int64_t messages) except -1:
        """Marks what was put as one that may be late, or not, and asks to be emptied."""
        cdef Run* grown
        cdef Run* last = &self.runs[self.run_count - 1]
        if self.run_count and last.late == late:
            last.end = self.length
            last.messages += messages
        else:
            if self.run_count == self.run_capacity:
                grown = <Run*>PyMem_Realloc(self.runs, 2 * self.run_capacity * sizeof(Run))
                if grown == NULL:
                    raise MemoryError()
                self.runs, self.run_capacity = grown, 2 * self.run_capacity
            self.runs[self.run_count] = Run(end=self.length, messages=messages, late=late)
            self.run_count += 1
        if self.open and not self.awake:
            self.awake = True
            self.wake(False)
        return 0
