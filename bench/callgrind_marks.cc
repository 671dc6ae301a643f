// Tells callgrind from inside a program what to count. Does nothing when the program does not run under it.

#include <valgrind/callgrind.h>

extern "C" {

int marks_running() { return RUNNING_ON_VALGRIND; }

// From here on instructions are simulated; before, the program runs faster and nothing is counted.
void marks_begin() {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

// Counting on, and the next time off.
void marks_toggle() { CALLGRIND_TOGGLE_COLLECT; }

// Writes what was counted since the last time, under this name.
void marks_dump(const char* name) {
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_ZERO_STATS;
}
}
