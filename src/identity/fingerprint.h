#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace stampede::identity {

/// SHA-256 of the parts, each behind its length, so that no other parts give the same bytes: 32.
std::string fingerprint(std::initializer_list<std::string_view> parts);

/// Takes the same time wherever the texts differ; texts of different lengths differ at once.
bool equal_in_constant_time(std::string_view one, std::string_view other);

}  // namespace stampede::identity
