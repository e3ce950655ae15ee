/* A pack of a plugin interface that does not exist yet. */
#include "pinion/plugin.h"

PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap) {
    static const pn_plugin plugin = {
        .struct_size = sizeof(pn_plugin), .abi_major = 7, .abi_minor_min = 3, .name = "wrong_abi"};
    (void)host, (void)message, (void)cap;
    return &plugin;
}
