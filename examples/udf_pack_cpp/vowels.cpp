// A pack with one function: vowels(text) gives the number of vowels; text with a digit is refused.
//
//     c++ -std=c++17 -shared -fPIC $(pkg-config --cflags pinion-plugin) vowels.cpp -o vowels.so
#include "kernel.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

extern "C" PN_API const pn_plugin *pn_plugin_entry(const pn_host *host, char *message, size_t cap);

namespace {

int64_t count(std::string_view text) {
    int64_t found = 0;
    for (char c : text) {
        if (c >= '0' && c <= '9')
            throw std::invalid_argument("'" + std::string(text) + "' has a digit");
        found += std::string_view("aeiou").find(c) != std::string_view::npos;
    }
    return found;
}

// The argument was coerced to Utf8: validity bits, 32-bit offsets, bytes. The host makes rows null
// whose argument is null (PN_NULLS_PROPAGATED), so they are not looked at.
void vowels(const pn_kernel_call &call, ArrowArray *out) {
    const ArrowArray &in = *call.args[0].array;
    const auto *valid = static_cast<const uint8_t *>(in.buffers[0]);
    const auto *offsets = static_cast<const int32_t *>(in.buffers[1]) + in.offset;
    const auto *bytes = static_cast<const char *>(in.buffers[2]);
    auto rows = static_cast<std::size_t>(call.args[0].is_scalar ? 1 : call.n_rows);
    auto made = std::make_unique<column<int64_t>>(rows);
    for (std::size_t i = 0; i < rows; i++) {
        std::size_t at = i + static_cast<std::size_t>(in.offset);
        if (!valid || (valid[at / 8] >> (at % 8) & 1))
            made->values[i] = count(std::string_view(
                bytes + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])));
    }
    column<int64_t>::hand_over(std::move(made), out);
}

const char *const formats[] = {"s"};

pn_udf declaration() {
    pn_udf udf{};
    udf.struct_size = sizeof udf;
    udf.signature = PN_SIGNATURE_EXACT;
    udf.volatility = PN_VOLATILITY_IMMUTABLE;
    udf.min_args = udf.max_args = udf.n_arg_formats = 1;
    udf.name = "vowels";
    udf.arg_formats = formats;
    udf.return_format = "l";
    udf.invoke = kernel<vowels>;
    udf.body_version = "1";
    udf.description = "The number of vowels.";
    udf.null_handling = PN_NULLS_PROPAGATED;
    return udf;
}

} // namespace

const pn_plugin *pn_plugin_entry(const pn_host *, char *, size_t) {
    static const pn_udf functions[] = {declaration()};
    static pn_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.abi_major = PN_PLUGIN_ABI_MAJOR;
    plugin.abi_minor_min = 1;
    plugin.udf_stride = sizeof(pn_udf);
    plugin.name = "vowels";
    plugin.version = "1.0";
    plugin.n_udfs = 1;
    plugin.udfs = functions;
    return &plugin;
}
