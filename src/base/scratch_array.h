// Working memory that is used again and again, on large pages where the system has them.
#pragma once

#include <cstddef>
#include <type_traits>

namespace errata {

// `bytes` of memory that is not cleared, aligned to 64 bytes at least; throws std::bad_alloc.
void* allocate_pages(size_t bytes);
void free_pages(void* pages, size_t bytes);

// An array that grows without keeping or clearing what was in it.
template <typename T>
class ScratchArray {
  static_assert(std::is_trivial_v<T>);

 public:
  ScratchArray() = default;
  ~ScratchArray() { free_pages(data_, capacity_ * sizeof(T)); }
  ScratchArray(const ScratchArray&) = delete;
  ScratchArray& operator=(const ScratchArray&) = delete;

  // The array with room for `size` elements; what it held is lost when it grows.
  T* need(size_t size) {
    if (size > capacity_) {
      free_pages(data_, capacity_ * sizeof(T));
      data_ = nullptr;
      capacity_ = 0;
      data_ = static_cast<T*>(allocate_pages(size * sizeof(T)));
      capacity_ = size;
    }
    return data_;
  }
  T* data() { return data_; }

 private:
  T* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace errata
