/* Version 1 of the pack in add_n.inc. */
#define VERSION "1.0"
#define ADDS 1
#include "add_n.inc"
