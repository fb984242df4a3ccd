#pragma once

#include "net/address_range.h"

namespace stampede::net {

/// Whether an address is one of the public network: not loopback, private, link-local, shared,
/// multicast, reserved or for documents (the special-purpose registries of IANA, RFC 6890), and
/// none that stands for an IPv4 address elsewhere (6to4, Teredo, NAT64). An IPv4 address that is
/// mapped into IPv6 counts as itself.
bool is_public(const AddressRange::Bytes& address);

}  // namespace stampede::net
