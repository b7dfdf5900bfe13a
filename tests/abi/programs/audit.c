/* For LD_AUDIT (rtld-audit(7)): writes the path of every library that the process maps to the file that TENON_TEST_AUDIT names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) unsigned int la_version(unsigned int version) { return version; }

__attribute__((visibility("default"))) unsigned int la_objopen(struct link_map* map, Lmid_t lmid, uintptr_t* cookie) {
  const char* path = getenv("TENON_TEST_AUDIT");
  const int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  (void)lmid;
  (void)cookie;
  if (file < 0) abort(); /* a list that is not written must not look like an empty one */
  if (write(file, map->l_name, strlen(map->l_name)) < 0 || write(file, "\n", 1) != 1) abort();
  close(file);
  return 0;
}
