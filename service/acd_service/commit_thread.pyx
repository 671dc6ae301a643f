# cython: language_level=3
"""A thread that carries out one prepared transaction after the other, and never needs the interpreter.

A thread of Python would have to take the interpreter from a busy event loop and give it back, some times for each
commit: both wait for each other then, and the event loop loses more time than the whole transaction takes. Here it binds
what the statements need and looks again when a file descriptor says that the transaction is on the disk. Checksums and
hashes among the values (`sums`) are taken by the thread: of a large batch they are a third of the work.

SQLite is that of apsw, and so is the connection: apsw's SQLite hands a table of its functions to whatever it loads as
an extension, which is this module.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t, uintptr_t
from libcpp cimport bool as bool_t
from libcpp.string cimport string
from libcpp.vector cimport vector
from posix.unistd cimport read, write

import os

from acd_service.sums cimport Later, Sum, take
from acd_service.sums import Crc32, Sha256

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_t:
        pass
    ctypedef struct pthread_mutex_t:
        pass
    ctypedef struct pthread_cond_t:
        pass
    int pthread_create(pthread_t*, void*, void* (*)(void*) noexcept nogil, void*)
    int pthread_join(pthread_t, void**)
    int pthread_mutex_init(pthread_mutex_t*, void*)
    int pthread_mutex_destroy(pthread_mutex_t*)
    int pthread_mutex_lock(pthread_mutex_t*)
    int pthread_mutex_unlock(pthread_mutex_t*)
    int pthread_cond_init(pthread_cond_t*, void*)
    int pthread_cond_destroy(pthread_cond_t*)
    int pthread_cond_wait(pthread_cond_t*, pthread_mutex_t*)
    int pthread_cond_signal(pthread_cond_t*)

cdef extern from "<signal.h>" nogil:
    ctypedef struct sigset_t:
        pass
    enum:
        SIG_SETMASK
    int sigfillset(sigset_t*)
    int pthread_sigmask(int, const sigset_t*, sigset_t*)

cdef extern from *:
    """
    #include <cstddef>

    /* Where the table has each function; SQLite only ever appends to it (sqlite3ext.h). */
    enum {
        AT_BIND_BLOB = 2, AT_BIND_INT64 = 5, AT_BIND_NULL = 6, AT_BIND_TEXT = 10, AT_ERRMSG = 53, AT_EXEC = 55,
        AT_FINALIZE = 57, AT_GET_AUTOCOMMIT = 60, AT_RESET = 77, AT_STEP = 94, AT_PREPARE_V3 = 217
    };
    enum { SQLITE_OK_ = 0, SQLITE_ERROR_ = 1, SQLITE_ROW_ = 100, SQLITE_DONE_ = 101, SQLITE_PREPARE_PERSISTENT_ = 1 };

    typedef int (*BindBlob)(void*, int, const void*, int, void (*)(void*));
    typedef int (*BindText)(void*, int, const char*, int, void (*)(void*));
    typedef int (*BindInt)(void*, int, long long);
    typedef int (*BindNull)(void*, int);
    typedef const char* (*Errmsg)(void*);
    typedef int (*Exec)(void*, const char*, void*, void*, char**);
    typedef int (*OfStatement)(void*);
    typedef int (*OfConnection)(void*);
    typedef int (*Prepare)(void*, const char*, int, unsigned, void**, const char**);

    static void (* const* sqlite_functions)(void) = nullptr;

    extern "C" __attribute__((visibility("default"))) int acd_take_functions(void*, char**, const void* table) {
        sqlite_functions = static_cast<void (* const*)(void)>(table);
        return SQLITE_OK_;
    }

    template <typename F> static inline F sqlite_function(int place) {
        return reinterpret_cast<F>(sqlite_functions[place]);
    }
    static inline int sqlite_bind_bytes(void* statement, int place, const char* bytes, int size, bool is_text) {
        return is_text ? sqlite_function<BindText>(AT_BIND_TEXT)(statement, place, bytes, size, nullptr)
                       : sqlite_function<BindBlob>(AT_BIND_BLOB)(statement, place, bytes, size, nullptr);
    }
    static inline int sqlite_bind_int(void* statement, int place, long long number) {
        return sqlite_function<BindInt>(AT_BIND_INT64)(statement, place, number);
    }
    static inline int sqlite_bind_null(void* statement, int place) {
        return sqlite_function<BindNull>(AT_BIND_NULL)(statement, place);
    }
    static inline int sqlite_step(void* statement) { return sqlite_function<OfStatement>(AT_STEP)(statement); }
    static inline int sqlite_reset(void* statement) { return sqlite_function<OfStatement>(AT_RESET)(statement); }
    static inline int sqlite_finalize(void* statement) { return sqlite_function<OfStatement>(AT_FINALIZE)(statement); }
    static inline int sqlite_exec(void* connection, const char* text) {
        return sqlite_function<Exec>(AT_EXEC)(connection, text, nullptr, nullptr, nullptr);
    }
    static inline bool sqlite_in_transaction(void* connection) {
        return !sqlite_function<OfConnection>(AT_GET_AUTOCOMMIT)(connection);
    }
    static inline const char* sqlite_message(void* connection) {
        return sqlite_function<Errmsg>(AT_ERRMSG)(connection);
    }
    static inline int sqlite_prepare(void* connection, const char* text, void** statement) {
        return sqlite_function<Prepare>(AT_PREPARE_V3)(
            connection, text, -1, SQLITE_PREPARE_PERSISTENT_, statement, nullptr);
    }
    """
    enum:
        SQLITE_OK_
        SQLITE_ERROR_
        SQLITE_ROW_
        SQLITE_DONE_
    int sqlite_bind_bytes(void*, int, const char*, int, bool_t) nogil
    int sqlite_bind_int(void*, int, long long) nogil
    int sqlite_bind_null(void*, int) nogil
    int sqlite_step(void*) nogil
    int sqlite_reset(void*) nogil
    int sqlite_finalize(void*) nogil
    int sqlite_exec(void*, const char*) nogil
    bool_t sqlite_in_transaction(void*) nogil
    const char* sqlite_message(void*) nogil
    int sqlite_prepare(void*, const char*, void**) nogil

_ENTRY = "acd_take_functions"


cdef enum Kind:
    NOTHING
    NUMBER
    TEXT
    BLOB
    CHECKSUM


cdef struct Value:
    Kind kind
    int size
    int64_t number
    const char* bytes
    Sum* sum  # to be taken before it is bound; NULL: none


cdef struct Execution:
    void* statement
    size_t first
    size_t count


cdef enum State:
    IDLE
    BEGUN
    ENDED
    ELSEWHERE
    CLOSING


cdef cppclass Work:
    """What both threads see. Whose turn it is says `state`: the thread's while it is BEGUN."""
    pthread_mutex_t mutex
    pthread_cond_t changed
    State state
    void* connection
    int descriptor
    vector[Execution] executions
    vector[Value] values
    int code
    string message


cdef int _bind(void* statement, const Value* values, size_t count) noexcept nogil:
    cdef size_t place
    cdef int code = SQLITE_OK_
    for place in range(count):
        if values[place].kind == CHECKSUM:
            code = sqlite_bind_int(statement, <int>place + 1, values[place].sum.crc32)
        elif values[place].kind == NUMBER:
            code = sqlite_bind_int(statement, <int>place + 1, values[place].number)
        elif values[place].kind == NOTHING:
            code = sqlite_bind_null(statement, <int>place + 1)
        else:
            code = sqlite_bind_bytes(
                statement, <int>place + 1, values[place].bytes, values[place].size, values[place].kind == TEXT
            )
        if code != SQLITE_OK_:
            break
    return code


cdef int _execute(Execution* execution, const Value* values) noexcept nogil:
    cdef int code = _bind(execution.statement, values + execution.first, execution.count)
    if code == SQLITE_OK_:
        code = sqlite_step(execution.statement)
        while code == SQLITE_ROW_:
            code = sqlite_step(execution.statement)
        if code == SQLITE_DONE_:
            code = SQLITE_OK_
    return code


cdef void _carry_out(Work* work) noexcept nogil:
    """One statement is a transaction of its own; several are put into one."""
    cdef size_t place
    cdef bint is_several = work.executions.size() > 1
    work.message.clear()
    # Before the transaction: who writes to the file otherwise waits for none of it.
    for place in range(work.values.size()):
        if work.values[place].sum != NULL and not take(work.values[place].sum):
            work.message = string(b"OpenSSL takes no SHA-256")
            work.code = SQLITE_ERROR_
            return
    place = 0
    cdef int code = sqlite_exec(work.connection, "BEGIN IMMEDIATE") if is_several else SQLITE_OK_
    while code == SQLITE_OK_ and place < work.executions.size():
        code = _execute(&work.executions[place], work.values.data())
        if code != SQLITE_OK_:
            work.message = string(sqlite_message(work.connection))
        sqlite_reset(work.executions[place].statement)
        place += 1
    if code == SQLITE_OK_ and is_several:
        code = sqlite_exec(work.connection, "COMMIT")
    if code != SQLITE_OK_:
        if work.message.empty():
            work.message = string(sqlite_message(work.connection))
        if sqlite_in_transaction(work.connection):
            sqlite_exec(work.connection, "ROLLBACK")
    work.code = code


cdef void* _serve(void* given) noexcept nogil:
    cdef Work* work = <Work*>given
    cdef uint64_t one = 1
    pthread_mutex_lock(&work.mutex)
    while True:
        while work.state != BEGUN and work.state != CLOSING:
            pthread_cond_wait(&work.changed, &work.mutex)
        if work.state == CLOSING:
            break
        pthread_mutex_unlock(&work.mutex)
        _carry_out(work)
        pthread_mutex_lock(&work.mutex)
        work.state = ENDED
        pthread_cond_signal(&work.changed)
        write(work.descriptor, &one, sizeof(one))
    pthread_mutex_unlock(&work.mutex)
    return NULL


cdef int _raise_what_was_left() except? -1:
    """A file system that is written in Python and fails leaves its exception behind in the thread that called SQLite:
    whoever calls this looks whether there is one.
    """
    return -1


class CommitFailed(Exception):
    """SQLite did not carry out a transaction. It says why."""


cdef class CommitThread:
    """Carries out transactions on a connection of apsw that nobody else uses meanwhile.

    Attributes:
        descriptor: readable when a transaction has ended.

    Raises:
        apsw.Error: the connection takes no extensions.
    """

    cdef readonly int descriptor
    cdef Work* _work
    cdef pthread_t _thread
    cdef bint _runs
    cdef dict _statements
    cdef object _kept

    def __cinit__(self, connection not None):
        self.descriptor = -1
        self._statements = {}
        connection.enable_load_extension(True)
        try:
            connection.load_extension(__file__, _ENTRY)
        finally:
            connection.enable_load_extension(False)
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._work = new Work()
        self._work.state = IDLE
        self._work.connection = <void*><uintptr_t>connection.sqlite3_pointer()
        self._work.descriptor = self.descriptor
        self._work.code = SQLITE_OK_
        pthread_mutex_init(&self._work.mutex, NULL)
        pthread_cond_init(&self._work.changed, NULL)

    def begin(self, list statements not None):
        """Begin a transaction: each statement is its text and its values, of the types int, str, bytes, None and those of
        `sums`, which are taken when it has ended well.

        Raises:
            CommitFailed: SQLite does not know what a statement means; nothing has been begun.
            OSError: there can be no thread.
        """
        cdef Work* work = self._work
        self._prepare(statements)
        if not self._runs:
            self._start()
        # The thread reads the bytes where they are.
        self._kept = statements
        pthread_mutex_lock(&work.mutex)
        work.state = BEGUN
        pthread_cond_signal(&work.changed)
        pthread_mutex_unlock(&work.mutex)

    def end(self):
        """What became of the transaction that was begun; waits for it.

        Raises:
            CommitFailed: it may or may not be kept.
        """
        cdef Work* work = self._work
        cdef uint64_t count
        if work == NULL or work.state == IDLE:
            raise ValueError("no transaction has been begun")
        self._wait()
        read(self.descriptor, &count, sizeof(count))
        work.state = IDLE
        self._kept = None
        self._raise_if_failed()

    def carry_out(self, list statements not None):
        """As `begin` and `end`, in the thread that calls, which lets go of the interpreter meanwhile.

        Raises:
            CommitFailed: as `end`, or as `begin`. A file system that is written in Python may raise what it will.
        """
        cdef Work* work = self._work
        self._prepare(statements)
        work.state = ELSEWHERE
        with nogil:
            _carry_out(work)
        work.state = IDLE
        _raise_what_was_left()
        self._raise_if_failed()

    cdef int _prepare(self, list statements) except -1:
        cdef Work* work = self._work
        cdef Execution execution
        if work == NULL or work.state != IDLE:
            raise ValueError("closed, or the transaction before has not been ended")
        work.executions.clear()
        work.values.clear()
        for text, values in statements:
            execution.statement = self._statement(text)
            execution.first = work.values.size()
            execution.count = len(values)
            for value in values:
                self._put(value)
            work.executions.push_back(execution)
        return 0

    cdef int _raise_if_failed(self) except -1:
        if self._work.code != SQLITE_OK_:
            message = (<bytes>self._work.message).decode(errors="replace")
            raise CommitFailed(f"{message} (SQLite's code {self._work.code})")
        return 0

    def close(self):
        """Finish what was begun, and let go of the connection."""
        if self._work == NULL:
            return
        if self._work.state == BEGUN:
            self._wait()
        self._stop()
        for statement in self._statements.values():
            sqlite_finalize(<void*><uintptr_t>statement)
        self._statements.clear()
        self._let_go()

    def __dealloc__(self):
        if self._work != NULL:
            self._stop()
            self._let_go()

    cdef int _put(self, value) except -1:
        cdef Value put
        cdef Py_ssize_t size = 0
        put.number = put.size = 0
        put.bytes = NULL
        put.sum = NULL
        if value is None:
            put.kind = NOTHING
        elif type(value) is int:
            put.kind = NUMBER
            put.number = value
        else:
            if type(value) is bytes:
                put.kind = BLOB
                put.bytes, size = PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)
            elif type(value) is str:
                put.kind = TEXT
                put.bytes = PyUnicode_AsUTF8AndSize(value, &size)
            elif type(value) is Crc32:
                put.kind = CHECKSUM
                put.sum = &(<Later>value).sum
            elif type(value) is Sha256:
                put.kind = BLOB
                put.sum = &(<Later>value).sum
                put.bytes, size = <const char*>put.sum.sha256, sizeof(put.sum.sha256)
            else:
                raise TypeError(f"{type(value).__name__} is not kept")
            if size > 2**30:
                raise ValueError("a value is larger than SQLite keeps")
            put.size = <int>size
        self._work.values.push_back(put)
        return 0

    cdef void* _statement(self, str text) except NULL:
        cdef void* made = NULL
        known = self._statements.get(text)
        if known is not None:
            return <void*><uintptr_t>known
        if sqlite_prepare(self._work.connection, text.encode(), &made) != SQLITE_OK_:
            raise CommitFailed(sqlite_message(self._work.connection).decode(errors="replace"))
        self._statements[text] = <uintptr_t>made
        return made

    cdef int _start(self) except -1:
        # Signals are for the thread of the event loop.
        cdef sigset_t every, before
        sigfillset(&every)
        pthread_sigmask(SIG_SETMASK, &every, &before)
        cdef int code = pthread_create(&self._thread, NULL, _serve, self._work)
        pthread_sigmask(SIG_SETMASK, &before, NULL)
        if code:
            raise OSError(code, os.strerror(code))
        self._runs = True
        return 0

    cdef void _wait(self) noexcept:
        cdef Work* work = self._work
        with nogil:
            pthread_mutex_lock(&work.mutex)
            while work.state == BEGUN:
                pthread_cond_wait(&work.changed, &work.mutex)
            pthread_mutex_unlock(&work.mutex)

    cdef void _stop(self) noexcept:
        if not self._runs:
            return
        self._wait()
        with nogil:
            pthread_mutex_lock(&self._work.mutex)
            self._work.state = CLOSING
            pthread_cond_signal(&self._work.changed)
            pthread_mutex_unlock(&self._work.mutex)
            pthread_join(self._thread, NULL)
        self._runs = False

    cdef void _let_go(self) noexcept:
        pthread_cond_destroy(&self._work.changed)
        pthread_mutex_destroy(&self._work.mutex)
        del self._work
        self._work = NULL
        os.close(self.descriptor)
