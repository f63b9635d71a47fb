#pragma once
#include <sys/types.h>

/* Starts `program` as the leader of a process group of its own, in `folder`, with standard input from /dev/null and both outputs appended to
   `log`; the `count` descriptors of `passed` (64 or greater) become 3, 4, …; no other descriptor and no blocked or ignored signal is inherited. Returns 0 or an errno value. A C function because the calls that
   it rests on are GNU extensions, which the Swift overlay of glibc does not show. */
int jidoka_spawn(const char *program, char *const arguments[], char *const environment[], const char *folder, const char *log,
                 const int *passed, int count, pid_t *id);

/* Memory that processes share through its descriptor, without a name: memfd_create(2), a GNU extension too. Closed on exec. -1 and errno. */
int jidoka_memory(const char *label);
