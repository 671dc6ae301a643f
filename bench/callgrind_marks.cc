// Tells callgrind from inside a program what to count. Does nothing when the program does not run under it.

#include <valgrind/callgrind.h>

extern "C" {

// From here to the end instructions are simulated; elsewhere the program runs faster and nothing can be counted.
void marks_begin() {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

void marks_end() { CALLGRIND_STOP_INSTRUMENTATION; }

// Counting on, and the next time off.
void marks_toggle() { CALLGRIND_TOGGLE_COLLECT; }

// Writes what was counted since the last time, under this name.
void marks_dump(const char* name) {
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_ZERO_STATS;
}
}
