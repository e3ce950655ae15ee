/* Version 2 of the pack in add_n.inc: another body. */
#define VERSION "2.0"
#define ADDS 2
#include "add_n.inc"
