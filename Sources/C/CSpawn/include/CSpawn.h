#pragma once
#include <sys/types.h>

/* Starts `program` as the leader of a process group of its own, in `folder`, with standard input from /dev/null and both outputs appended to
   `log`; no other descriptor and no blocked or ignored signal is inherited. Returns 0 or an errno value. A C function because the calls that
   it rests on are GNU extensions, which the Swift overlay of glibc does not show. */
int jidoka_spawn(const char *program, char *const arguments[], char *const environment[], const char *folder, const char *log, pid_t *id);
