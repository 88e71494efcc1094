// Content hashes. XXH3 answers "has it changed?", SHA-256 "is it the same anywhere?".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace errata {

uint64_t xxh3_64(std::span<const uint8_t> bytes);
uint64_t xxh3_64(std::string_view bytes);

// Streaming XXH3, 64 bits, seed 0.
class Xxh3 {
 public:
  Xxh3();
  ~Xxh3();
  void update(const void* data, size_t size_bytes);
  uint64_t digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using Sha256Digest = std::array<uint8_t, 32>;

// Streaming SHA-256 (FIPS 180-4). finish() once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(const void* data, size_t size_bytes);
  void update(std::string_view bytes) { update(bytes.data(), bytes.size()); }
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(std::string_view bytes);
// Of a whole file, read in pieces of 1 MiB. Throws Error(kIo or kNotFound).
Sha256Digest sha256_file(const std::string& path);

std::string to_hex(std::span<const uint8_t> bytes);
// False when `hex` is not exactly 64 hexadecimal digits.
bool parse_sha256_hex(std::string_view hex, Sha256Digest& digest);

}  // namespace errata
