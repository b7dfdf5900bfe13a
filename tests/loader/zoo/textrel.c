/* A pointer in the text section: a text relocation. */
#include "zoo.h"

#if defined(__LP64__)
__asm__(".pushsection .text\n .balign 8\n .8byte zoo_relocated\n.popsection\n.data\nzoo_relocated: .8byte 0\n.text\n");
#else
__asm__(".pushsection .text\n .balign 4\n .4byte zoo_relocated\n.popsection\n.data\nzoo_relocated: .4byte 0\n.text\n");
#endif
