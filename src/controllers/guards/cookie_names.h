#pragma once

#include <string_view>

/// docs/design.md#sessions says what each cookie holds. Those of a session, a device and a form
/// stand behind what host_cookie() puts before them.
namespace stampede::controllers {

inline constexpr std::string_view kUserCookie = "uid";
inline constexpr std::string_view kNodeCookie = "node";
inline constexpr std::string_view kSignCookie = "sign";
inline constexpr std::string_view kDeviceCookie = "device";
inline constexpr std::string_view kFormCookie = "form";

/// Of the console: it and the shop may be one host, whatever their ports are.
inline constexpr std::string_view kOperatorCookie = "operator";
inline constexpr std::string_view kOperatorDeviceCookie = "operator_device";

}  // namespace stampede::controllers
