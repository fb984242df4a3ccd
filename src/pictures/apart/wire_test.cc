#include "pictures/apart/wire.h"

#include <gtest/gtest.h>

namespace stampede::pictures {
namespace {

const std::vector<Encoded> kFiles{{PictureFormat::kJpeg, 640, 480, "jpeg"},
                                  {PictureFormat::kWebp, 640, 480, std::string("w\0b", 3)}};

bool same(const std::vector<Encoded>& a, const std::vector<Encoded>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.format == y.format && x.width == y.width && x.height == y.height && x.bytes == y.bytes;
  });
}

TEST(RenderWire, CarriesFilesAndRefusals) {
  const auto files = from_wire(to_wire(kFiles));
  ASSERT_TRUE(files && *files);
  EXPECT_TRUE(same(**files, kFiles));
  const auto refused = from_wire(to_wire(std::unexpected("picture: no")));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error(), "picture: no");
}

TEST(RenderWire, BelievesNothingElse) {
  const std::string good = to_wire(kFiles);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const bool whole_first = size == 1 + 16 + 4;
    EXPECT_EQ(from_wire(good.substr(0, size)).has_value(), whole_first) << size;
  }
  std::string png = good;
  png[1] = static_cast<char>(PictureFormat::kPng);  // nobody makes one
  std::string wide = good;
  wide[6] = 0x07;  // 640 + 5 * 256 pixels
  std::string many = "F";
  for (int i = 0; i < 7; ++i) many += to_wire(std::vector{kFiles.front()}).substr(1);
  for (const std::string& bytes :
       {png, wide, many, good + "x", std::string("X"), std::string("R"), std::string("R\x1b[2J"),
        "R" + std::string(501, 'a'), std::string("R\xff")}) {
    EXPECT_FALSE(from_wire(bytes)) << bytes;
  }
}

}  // namespace
}  // namespace stampede::pictures
