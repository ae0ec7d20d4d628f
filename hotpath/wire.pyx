"""The receiving side of a NATS connection without its socket: bytes in, messages handed to whoever subscribed."""
from cpython.buffer cimport PyBUF_FORMAT
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport int64_t
from libc.string cimport memchr, memcmp, memcpy, memmove

from letrade.hotpath.spans cimport Span, bytes_of, is_blank, is_same, mix_of, number_of, span, starts_with, text_of

BUFFER_BYTES = 256 * 1024
LINE_BYTES_MAX = 64 * 1024
MESSAGE_BYTES_MAX = 64 * 1024 * 1024

cdef Py_ssize_t FIRST_CAPACITY = BUFFER_BYTES
cdef Py_ssize_t READ_ROOM = 64 * 1024
cdef Py_ssize_t LINE_MAX = LINE_BYTES_MAX
cdef Py_ssize_t MESSAGE_MAX = MESSAGE_BYTES_MAX
cdef Py_ssize_t NEAR_ROUTES = 65536
cdef Py_ssize_t KNOWN_SUBJECTS = 4096
cdef Py_ssize_t INCOMPLETE = -2
cdef int FIELDS_MAX = 5
cdef char* BYTES_FORMAT = b"B"


class ProtocolError(ValueError):
    """What came is not the NATS protocol: the connection can only be given up."""


cdef class Route:
    """Where the messages of one subscription go."""

    def __init__(self, sid, subject, queue, kind, handler, decode, refuse, limit):
        self.sid = sid
        self.subject = subject
        self.queue = queue
        self.refused = ""
        self.limit = limit
        self.kind = kind
        self.handler = handler
        self.decode = decode
        self.refuse = refuse
        self.subjects = []
        self.payloads = []
        self.newest = {}


cdef class Wire:
    """One connection's receive buffer, parser and routes."""

    def __cinit__(self, listener, caught=(Exception,)):
        self.buffer = <char*>PyMem_Malloc(FIRST_CAPACITY)
        if self.buffer == NULL:
            raise MemoryError()
        self.capacity = FIRST_CAPACITY
        self.listener = listener
        self.caught = tuple(caught)
        self.near_routes = [None]
        self.far_routes = {}
        self.waiting_routes = []
        self.known_subjects = [None] * KNOWN_SUBJECTS

    def __dealloc__(self):
        PyMem_Free(self.buffer)

    # Routes

    def add(self, subject, handler, queue="", limit=0):
        return self._add(subject, queue, PLAIN, handler, None, None, limit)

    def add_decoded(self, subject, decode, handler, refuse, conflate=False):
        return self._add(subject, "", CONFLATED if conflate else DECODED, handler, decode, refuse, 0)

    def add_batch(self, subject, handler, queue=""):
        return self._add(subject, queue, BATCH, handler, None, None, 0)

    def add_stream(self, subject, handler):
        return self._add(subject, "", STREAM, handler, None, None, 0)

    def add_service(self, subject, handler, queue=""):
        return self._add(subject, queue, SERVICE, handler, None, None, 0)

    def add_replies(self, subject, handler):
        return self._add(subject, "", REPLY, handler, None, None, 0)

    def _add(self, subject, queue, kind, handler, decode, refuse, limit):
        self.last_sid += 1
        cdef Route route = Route(self.last_sid, subject, queue, kind, handler, decode, refuse, limit)
        if self.last_sid < NEAR_ROUTES:
            self.near_routes.append(route)
        else:
            self.far_routes[self.last_sid] = route
        return route

    def remove(self, Route route not None):
        route.removed = True
        if route.sid < NEAR_ROUTES:
            self.near_routes[route.sid] = None
        else:
            self.far_routes.pop(route.sid, None)

    def routes(self):
        return [route for route in self.near_routes if route is not None] + list(self.far_routes.values())

    cdef Route find(self, int64_t sid):
        if 0 <= sid < len(self.near_routes):
            return <Route>self.near_routes[sid]
        return <Route>self.far_routes.get(sid)

    # The receive buffer

    def __getbuffer__(self, Py_buffer* view, int flags):
        self.reserve(max(READ_ROOM, self.wanted - (self.end - self.begin)))
        view.obj = self
        view.buf = self.buffer + self.end
        view.len = self.capacity - self.end
        view.itemsize, view.readonly, view.ndim = 1, 0, 1
        view.format = BYTES_FORMAT if flags & PyBUF_FORMAT else <char*>NULL
        view.shape, view.strides = &view.len, &view.itemsize
        view.suboffsets = view.internal = NULL
        self.exports += 1

    def __releasebuffer__(self, Py_buffer* view):
        self.exports -= 1

    cdef int reserve(self, Py_ssize_t room) except -1:
        """Makes room behind what has come; never while somebody writes there."""
        cdef Py_ssize_t length = self.end - self.begin, capacity = self.capacity
        cdef char* grown
        if self.exports:
            return 0
        if length == 0 and capacity > FIRST_CAPACITY:
            grown = <char*>PyMem_Realloc(self.buffer, FIRST_CAPACITY)
            if grown != NULL:
                self.buffer, self.capacity = grown, FIRST_CAPACITY
                capacity = FIRST_CAPACITY
            self.begin = self.end = 0
        elif length == 0 or self.capacity - self.end < room:
            memmove(self.buffer, self.buffer + self.begin, length)
            self.begin, self.end = 0, length
        while capacity - self.end < room:
            capacity *= 2
        if capacity > self.capacity:
            grown = <char*>PyMem_Realloc(self.buffer, capacity)
            if grown == NULL:
                raise MemoryError()
            self.buffer, self.capacity = grown, capacity
        return 0

    def room(self):
        return memoryview(self)

    def feed(self, data):
        """Copies bytes in as a socket would."""
        cdef const unsigned char[::1] view = data
        if view.shape[0]:
            self.reserve(view.shape[0])
            if self.capacity - self.end < view.shape[0]:
                raise BufferError("the receive buffer cannot grow while somebody writes into it")
            memcpy(self.buffer + self.end, &view[0], view.shape[0])
            self.end += view.shape[0]

    def fed(self, Py_ssize_t count):
        if not 0 <= count <= self.capacity - self.end:
            raise ValueError(f"{count} bytes cannot have been read into {self.capacity - self.end}")
        self.end += count

    @property
    def unread(self):
        return self.end - self.begin

    def restart(self):
        self.begin = self.end = self.wanted = 0
        self.stopped = False

    def stop(self):
        self.stopped = True

    # The parser

    def take_line(self):
        """Takes one line off the buffer, as it is; None when it has not come yet."""
        cdef const char* line = self.buffer + self.begin
        cdef Py_ssize_t available = self.end - self.begin
        cdef const char* newline = <const char*>memchr(line, b"\n", min(available, LINE_MAX)) if available else NULL
        if newline == NULL:
            if available >= LINE_MAX:
                self.refuse_line("a line without an end", line, 40)
            return None
        if newline == line or newline[-1] != b"\r":
            self.refuse_line("a line that does not end with CR LF", line, newline - line)
        self.begin += newline + 1 - line
        return PyBytes_FromStringAndSize(line, newline - 1 - line)

    def parse(self, Py_ssize_t budget):
        """Handles at most `budget` messages; True when more may be waiting."""
        cdef Py_ssize_t used, left = budget
        try:
            while not self.stopped and left > 0:
                used = self.parse_one()
                if used == INCOMPLETE:
                    return False
                left -= 1
        finally:
            self.hand_over_waiting()
        return not self.stopped and self.end > self.begin

    cdef Py_ssize_t parse_one(self) except -1:
        """Takes one line, with its payload, off the buffer; INCOMPLETE when it has not come yet."""
        cdef const char* line = self.buffer + self.begin
        cdef Py_ssize_t available = self.end - self.begin, length
        cdef const char* newline
        if available == 0:
            return INCOMPLETE
        if available < self.wanted:
            return INCOMPLETE
        newline = <const char*>memchr(line, b"\n", min(available, LINE_MAX))
        if newline == NULL:
            if available >= LINE_MAX:
                self.refuse_line("a line without an end", line, 40)
            return INCOMPLETE
        length = newline - line
        if length == 0 or line[length - 1] != b"\r":
            self.refuse_line("a line that does not end with CR LF", line, length)
        length -= 1
        if length > 4 and memcmp(line, b"MSG", 3) == 0 and is_blank(line[3]):
            return self.parse_message(line, length, False)
        if length > 5 and memcmp(line, b"HMSG", 4) == 0 and is_blank(line[4]):
            return self.parse_message(line, length, True)
        self.begin += length + 2
        self.parse_control(line, length)
        return 0

    cdef Py_ssize_t parse_message(self, const char* line, Py_ssize_t length, bint with_headers) except -1:
        """MSG subject sid [reply] size, or HMSG subject sid [reply] header-size size; then that many bytes and CR LF."""
        cdef Span fields[6]
        cdef Span reply = span(line, 0), headers, payload
        cdef int count = 0, extra = 1 if with_headers else 0
        cdef Py_ssize_t place = 4 + extra, start, total
        cdef int64_t sid, size, header_size = 0
        cdef const char* body
        cdef const char* blank
        cdef Route route
        while place < length:
            if line[place] == b" ":
                place += 1
                continue
            start = place
            blank = <const char*>memchr(line + start, b" ", length - start)
            place = length if blank == NULL else blank - line
            if count == FIELDS_MAX:
                self.refuse_line("a message with too many fields", line, length)
            fields[count] = span(line + start, place - start)
            count += 1
        if count == 4 + extra:
            reply = fields[2]
        elif count != 3 + extra:
            self.refuse_line("a message with a wrong number of fields", line, length)
        sid, size = number_of(fields[1]), number_of(fields[count - 1])
        if with_headers:
            header_size = number_of(fields[count - 2])
        if sid < 0 or not 0 <= header_size <= size or size > MESSAGE_MAX:
            self.refuse_line("a message with impossible numbers", line, length)
        total = length + 2 + size + 2
        if self.end - self.begin < total:
            self.wanted = total
            return INCOMPLETE
        body = line + length + 2
        if body[size] != b"\r" or body[size + 1] != b"\n":
            self.refuse_line("a message that is longer or shorter than it says", line, length)
        self.wanted = 0
        self.begin += total
        route = self.find(sid)
        if route is not None:
            headers, payload = span(body, header_size), span(body + header_size, size - header_size)
            self.deliver(route, fields[0], reply, headers, payload)
        return 0

    cdef int parse_control(self, const char* line, Py_ssize_t length) except -1:
        cdef Span rest
        while length and is_blank(line[length - 1]):
            length -= 1
        if length == 4 and memcmp(line, b"PING", 4) == 0:
            self.listener.on_ping()
        elif length == 4 and memcmp(line, b"PONG", 4) == 0:
            self.listener.on_pong()
        elif length > 5 and memcmp(line, b"INFO", 4) == 0 and is_blank(line[4]):
            self.listener.on_info(bytes_of(span(line + 5, length - 5)))
        elif length >= 4 and memcmp(line, b"-ERR", 4) == 0:
            rest = span(line + 4, length - 4)
            self.listener.on_server_error(text_of(rest).strip().strip("'"))
        elif not (length == 3 and memcmp(line, b"+OK", 3) == 0):
            self.refuse_line("an operation that no server sends", line, length)
        return 0

    cdef int refuse_line(self, str what, const char* line, Py_ssize_t length) except -1:
        found = PyBytes_FromStringAndSize(line, min(length, 80))
        raise ProtocolError(f"expected the NATS protocol, found {what}: {found!r}")

    # Delivery

    cdef str subject_of(self, Route route, Span subject):
        cdef Py_ssize_t slot
        cdef object known
        if is_same(route.subject, subject):
            return route.subject
        slot = mix_of(subject) % KNOWN_SUBJECTS
        known = self.known_subjects[slot]
        if known is None or not is_same(<str>known, subject):
            known = self.known_subjects[slot] = text_of(subject)
        return <str>known

    cdef int deliver(self, Route route, Span subject, Span reply, Span headers, Span payload) except -1:
        if starts_with(reply, b"$JS.ACK.", 8) and route.kind != STREAM and not starts_with(subject, b"_INBOX", 6):
            self.forged += 1
            return 0
        route.received += 1
        self.received += 1
        self.received_bytes += payload.length
        if route.limit and route.received >= route.limit:
            self.remove(route)
        try:
            self.hand_over(route, subject, reply, headers, bytes_of(payload))
        except self.caught as error:
            self.listener.on_handler_error(error)
        return 0

    cdef int hand_over(self, Route route, Span subject, Span reply, Span headers, bytes data) except -1:
        cdef str text
        cdef Span token
        if route.kind == REPLY:
            token = subject
            while token.length and token.start[token.length - 1] != b".":
                token.length -= 1
            token = span(subject.start + token.length, subject.length - token.length)
            route.handler(number_of(token), data, bytes_of(headers) if headers.length else b"")
            return 0
        text = self.subject_of(route, subject)
        if route.kind == DECODED:
            try:
                message = route.decode(data)
            except Exception as error:
                route.refuse(text, data, error)
                return 0
            route.handler(text, message, data)
        elif route.kind == PLAIN:
            route.handler(text, data, text_of(reply) if reply.length else "")
        elif route.kind == STREAM or route.kind == SERVICE:
            route.handler(text, data, text_of(reply) if reply.length else "", bytes_of(headers))
        else:
            self.keep(route, text, data)
        return 0

    cdef int keep(self, Route route, str subject, bytes data) except -1:
        """Until the end of the pass."""
        if not route.subjects and not route.newest:
            self.waiting_routes.append(route)
        if route.kind == BATCH:
            route.subjects.append(subject)
            route.payloads.append(data)
            return 0
        if route.newest.pop(subject, None) is not None:
            self.conflated += 1
        route.newest[subject] = data
        return 0

    cdef int hand_over_waiting(self) except -1:
        cdef Route route
        while self.waiting_routes:
            route = self.waiting_routes.pop(0)
            if route.kind == BATCH:
                self.hand_over_batch(route)
            else:
                self.hand_over_newest(route)
        return 0

    cdef int hand_over_batch(self, Route route) except -1:
        subjects, payloads = route.subjects, route.payloads
        route.subjects, route.payloads = [], []
        try:
            if not route.removed:
                route.handler(subjects, payloads)
        except self.caught as error:
            self.listener.on_handler_error(error)
        return 0

    cdef int hand_over_newest(self, Route route) except -1:
        newest, route.newest = route.newest, {}
        for subject, data in newest.items():
            if route.removed:
                break
            try:
                try:
                    message = route.decode(data)
                except Exception as error:
                    route.refuse(subject, data, error)
                    continue
                route.handler(subject, message, data)
            except self.caught as error:
                self.listener.on_handler_error(error)
        return 0
