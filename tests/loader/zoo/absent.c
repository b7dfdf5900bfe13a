/* The library that missing_dependency and local_dependency need. */
int zoo_absent_function(void);
__attribute__((visibility("default"))) int zoo_absent_function(void) { return 1; }
