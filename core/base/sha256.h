// SHA-256 (FIPS 180-4), for the digest that ties a plugin's ELF note to its manifest. Integrity only; nothing here is secret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon {

std::array<std::uint8_t, 32> sha256(std::span<const std::byte> data);
std::string sha256_hex(std::span<const std::byte> data);

}  // namespace tenon
