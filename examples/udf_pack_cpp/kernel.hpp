// What a pack in C++ needs beside pinion/plugin.h: exceptions end here, results own their memory.
#pragma once
#include <cstdio>
#include <exception>
#include <memory>
#include <pinion/plugin.h>
#include <vector>

/// A column of numbers on its way out; bits[i] = 0 makes row i null.
template <class T> struct column {
    std::vector<T> values;
    std::vector<bool> bits;
    explicit column(std::size_t rows) : values(rows), bits(rows, true) {}

    static void hand_over(std::unique_ptr<column> self, ArrowArray *out) {
        self->validity.assign(self->bits.size() / 8 + 1, 0);
        for (std::size_t i = 0; i < self->bits.size(); i++)
            self->validity[i / 8] |= static_cast<uint8_t>(self->bits[i] << (i % 8));
        self->buffers[0] = self->validity.data();
        self->buffers[1] = self->values.data();
        *out = ArrowArray{};
        out->length = static_cast<int64_t>(self->values.size());
        out->null_count = -1;
        out->n_buffers = 2;
        out->buffers = self->buffers;
        out->release = [](ArrowArray *array) {
            delete static_cast<column *>(array->private_data);
            array->release = nullptr;
        };
        out->private_data = self.release();
    }

  private:
    std::vector<uint8_t> validity;
    const void *buffers[2];
};

/// A kernel of `function`, which fills the result or throws: what it throws becomes the message.
template <auto function>
int32_t kernel(void *, const pn_kernel_call *call, ArrowArray *out, char *message,
               size_t cap) noexcept {
    try {
        function(*call, out);
        return 0;
    } catch (const std::exception &error) {
        std::snprintf(message, cap, "%s", error.what());
    } catch (...) {
        std::snprintf(message, cap, "it threw something that is no std::exception");
    }
    return 1;
}
