/* A pack that does not like its host. */
#include "pinion/plugin.h"

#include <string.h>

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    static const char why[] = "no licence for this machine";
    (void)host;
    if (cap >= sizeof why) {
        memcpy(message, why, sizeof why);
    }
    return NULL;
}
