#include "app/command_line/command_line.h"

// The commands of products, sales and orders, their options and their words.
namespace stampede::app {

void CommandLine::add_product() {
  CLI::App& product = group(app_, "product", "what is sold");
  CLI::App& add =
      command(product, "add", "add a product; prints its id",
              [this](const auto& loaded) { return app::add_product(loaded.config, product_); });
  add.add_option("--name", product_.facts.name, "1 to 200 bytes")->required();
  add.add_option("--description", product_.facts.description, "at most 10000 bytes");
  add_number<std::int64_t>(
      add, "--list-price-cents", [this](auto cents) { product_.facts.list_price_cents = cents; },
      "what it costs elsewhere (not said)");
  add_key(add, product_.key);
  CLI::App& list = command(product, "list", "list the products", [this](const auto& loaded) {
    return list_products(loaded.config, json_);
  });
  add_json(list, json_);
  add_product_change(product);
  add_product_picture(product);
}

void CommandLine::add_product_change(CLI::App& product) {
  CLI::App& change = command(
      product, "change", "give a product other facts; those not named stay",
      [this](const auto& loaded) { return change_product(loaded.config, product_change_); });
  add_number(change, "product", product_change_.id.value, "its id").required();
  const auto add_text = [&](const char* name, std::string ProductDetails::*field,
                            const char* what) {
    change
        .add_option_function<std::string>(
            name,
            [this, field](const std::string& text) {
              product_change_.changes.emplace_back(
                  [field, text](ProductDetails& facts) { facts.*field = text; });
            },
            what)
        ->type_name("TEXT");
  };
  add_text("--name", &ProductDetails::name, "1 to 200 bytes");
  add_text("--description", &ProductDetails::description, "at most 10000 bytes");
  const auto set_list_price = [this](std::optional<std::int64_t> cents) {
    product_change_.changes.emplace_back(
        [cents](ProductDetails& facts) { facts.list_price_cents = cents; });
  };
  CLI::Option& price = add_number<std::int64_t>(change, "--list-price-cents", set_list_price,
                                                "what it costs elsewhere");
  change
      .add_flag_callback(
          "--no-list-price", [set_list_price] { set_list_price(std::nullopt); },
          "say nothing of what it costs elsewhere")
      ->excludes(&price);
}

void CommandLine::add_product_picture(CLI::App& product) {
  CLI::App& picture = group(product, "picture", "what a product looks like");
  CLI::App& add =
      command(picture, "add", "add a picture to a product; prints the picture's id",
              [this](const auto& loaded) { return add_picture(loaded.config, picture_add_); });
  add_number(add, "product", picture_add_.product.value, "the product's id").required();
  add.add_option("file", picture_add_.file, "PNG, JPEG or WebP, at most 5 MB")->required();
  add.add_option("--alt", picture_add_.alt, "what it shows, for those who do not see it");

  CLI::App& list =
      command(picture, "list", "list the pictures of a product", [this](const auto& loaded) {
        return list_pictures(loaded.config, picture_add_.product, json_);
      });
  add_number(list, "product", picture_add_.product.value, "the product's id").required();
  add_json(list, json_);

  CLI::App& remove =
      command(picture, "remove", "remove a picture of a product", [this](const auto& loaded) {
        return remove_picture(loaded.config, picture_add_.product, picture_);
      });
  add_number(remove, "product", picture_add_.product.value, "the product's id").required();
  add_number(remove, "picture", picture_.value, "the picture's id").required();
}

void CommandLine::add_sale() {
  CLI::App& sale = group(app_, "sale", "when, and how many, and for how much");
  add_sale_create(sale);
  CLI::App& list = command(sale, "list", "list the sales",
                           [this](const auto& loaded) { return list_sales(loaded.config, json_); });
  add_json(list, json_);
  CLI::App& show = command(sale, "show", "show one sale", [this](const auto& loaded) {
    return show_sale(loaded.config, sale_.id, json_);
  });
  add_number(show, "sale", sale_.id.value, "its id").required();
  add_json(show, json_);
  add_sale_change(sale);
  CLI::App& add_stock = command(
      sale, "add-stock", "put more units on a sale that has not ended; prints how many it has now",
      [this](const auto& loaded) { return app::add_stock(loaded.config, more_stock_); });
  add_number(add_stock, "sale", more_stock_.sale.value, "its id").required();
  add_number(add_stock, "units", more_stock_.units, "how many more").required();
  add_key(add_stock, more_stock_.key);
  CLI::App& end = command(sale, "end", "end a sale now",
                          [this](const auto& loaded) { return end_sale(loaded.config, sale_.id); });
  add_number(end, "sale", sale_.id.value, "its id").required();
}

void CommandLine::add_order() {
  CLI::App& order = group(app_, "order", "what was bought");
  CLI::App& cancel = command(
      order, "cancel", "cancel an order: its unit goes back into the sale; cannot be undone",
      [this](const auto& loaded) { return cancel_order(loaded.config, order_cancel_); });
  add_number(cancel, "order", order_cancel_.number.value, "its number").required();
  cancel.add_option("--reason", order_cancel_.reason, "for other operators, at most 200 bytes");
  CLI::App& pay =
      command(order, "pay", "record a payment; prints what became of it: kept, or refund_due",
              [this](const auto& loaded) { return pay_order(loaded.config, order_pay_); });
  add_number(pay, "order", order_pay_.number.value, "its number").required();
  add_payment_reference(pay, order_pay_.reference);
  add_number<std::int64_t>(
      pay, "--amount-cents", [this](auto cents) { order_pay_.amount_cents = cents; },
      "what was paid (the price)");
  CLI::App& refund =
      command(order, "refund", "record that a payment which was due to go back has gone back",
              [this](const auto& loaded) { return refund_order(loaded.config, refunded_); });
  add_payment_reference(refund, refunded_);
}

void CommandLine::add_payment_reference(CLI::App& command, std::string& target) {
  command
      .add_option("--reference", target,
                  "the provider's name of the payment behind its own, like cash:17")
      ->required();
}

void CommandLine::add_sale_create(CLI::App& sale) {
  sale_.starts_at = now_;
  CLI::App& create =
      command(sale, "create", "put units on sale; prints the sale's id",
              [this](const auto& loaded) { return create_sale(loaded.config, sale_); });
  add_number(create, "--product", sale_.product.value, "the id of the product").required();
  add_number(create, "--price-cents", sale_.price_cents, "the price of one unit").required();
  add_number(create, "--quantity", sale_.quantity, "how many units").required();
  add_number(create, "--limit", sale_.per_buyer_limit, "units a buyer may have (1)");
  add_time(create, "--starts", "when it starts (now)",
           [this](Instant time) { sale_.starts_at = time; });
  add_time(create, "--ends", "when it ends (when sold out)",
           [this](Instant time) { sale_.ends_at = time; });
  add_number<std::int64_t>(
      create, "--hold-seconds",
      [this](auto seconds) { sale_.hold = std::chrono::seconds{seconds}; },
      "how long an order waits for its payment, 60 to 604800 (orders are final)");
  create.add_flag_callback(
      "--no-captcha", [this] { sale_.captcha = false; }, "let buyers through without a captcha");
}

void CommandLine::add_sale_change(CLI::App& sale) {
  CLI::App& change =
      command(sale, "change", "give a sale that has not started other terms; those not named stay",
              [this](const auto& loaded) { return change_sale(loaded.config, sale_change_); });
  add_number(change, "sale", sale_change_.id.value, "its id").required();
  const auto set = [this](auto field) {
    return [this, field](const auto& value) {
      sale_change_.changes.emplace_back([field, value](Sale& terms) { terms.*field = value; });
    };
  };
  add_number<std::int64_t>(change, "--price-cents", set(&Sale::price_cents),
                           "the price of one unit");
  add_number<std::int64_t>(change, "--quantity", set(&Sale::quantity), "how many units");
  add_number<std::int32_t>(change, "--limit", set(&Sale::per_buyer_limit),
                           "units a buyer may have");
  add_time(change, "--starts", "when it starts", set(&Sale::starts_at));
  CLI::Option& ends = add_time(change, "--ends", "when it ends", set(&Sale::ends_at));
  const auto add_flag = [&](const char* name, auto field, auto value, const char* what) {
    return change.add_flag_callback(
        name, [=] { set(field)(value); }, what);
  };
  add_flag("--no-end", &Sale::ends_at, std::optional<Instant>{}, "when sold out")->excludes(&ends);
  CLI::Option& hold = add_number<std::int64_t>(
      change, "--hold-seconds",
      [set](auto seconds) { set (&Sale::hold)(std::optional{std::chrono::seconds{seconds}}); },
      "how long an order waits for its payment, 60 to 604800");
  add_flag("--no-hold", &Sale::hold, std::optional<std::chrono::seconds>{},
           "orders are final, and nothing is to be paid")
      ->excludes(&hold);
  add_flag("--captcha", &Sale::captcha, true, "let buyers through with a captcha only")
      ->excludes(
          add_flag("--no-captcha", &Sale::captcha, false, "let buyers through without a captcha"));
}

}  // namespace stampede::app
