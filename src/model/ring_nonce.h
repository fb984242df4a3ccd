#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stampede {

/// The nonce of a ring of validators: 32 hexadecimal digits, of which the first 16 were drawn with
/// it, and the others with the ring that it replaced. A database that lost its tail gives an epoch
/// twice; by the nonce a validator sees whether its ring is the one that was replaced.
inline constexpr std::size_t kDrawnDigits = 16;

/// `drawn`: 32 hexadecimal digits. `replaced`: the nonce of the ring before; empty if there was
/// none.
inline std::string ring_nonce(std::string_view drawn, std::string_view replaced) {
  std::string nonce(drawn.substr(drawn.size() - kDrawnDigits));
  nonce += replaced.empty() ? std::string(kDrawnDigits, '0')
                            : std::string(replaced.substr(0, kDrawnDigits));
  return nonce;
}

/// Whether a ring of that nonce replaced the one that is known. True where either is empty: an
/// older release did not tell it.
inline bool nonce_follows(std::string_view nonce, std::string_view known) {
  if (nonce.empty() || known.empty()) return true;
  return nonce.size() == 2 * kDrawnDigits &&
         nonce.substr(kDrawnDigits) == known.substr(0, kDrawnDigits);
}

}  // namespace stampede
