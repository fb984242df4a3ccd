# The demo shop of ./run; sourced by it. Its `shop COMMAND...` runs the operator's commands.

product_name='Lighthouse lamp'

# One JSON object a line, of a listing that is an array of flat objects. Kept before it is searched: a
# search that ends early would break the pipe.
objects() { shop "$@" --json | tr '{' '\n'; }

# Sets `product` to the demo's, which it makes if there is none. `known`: there is a shop already.
find_product() {
  local known=$1 products
  product=
  if $known; then
    products=$(objects product list)
    product=$(sed -n "/^\"id\":\([0-9]*\),\"name\":\"$product_name\".*/{s//\1/p;q}" <<<"$products")
  fi
  if [[ -z $product ]]; then
    product=$(shop product add --name "$product_name" --list-price-cents 2999 \
      --description 'A lamp that turns, for the demo.')
    shop product picture add "$product" deploy/demo/lamp.png \
      --alt 'A lighthouse with red stripes at night, its light turning' >/dev/null
  fi
}

make_operator() {
  local operators password
  operators=$(objects operator list)
  if ! grep --quiet '"role":"owner"' <<<"$operators"; then
    password=$(shop operator add operator --role owner)
    printf '\nThe console'\''s operator, told only this once:\n'
    printf '  name      operator\n  password  %s\n' "$password"
  fi
}

# The given property, a text, of the product's sales with this status.
of_sales() {
  sed -n "/^\"id\":[0-9]*,\"product\":$product,.*\"status\":\"$1\"/s/.*\"$2\":\"\([^\"]*\)\".*/\1/p" <<<"$sales"
}

# Makes a sale unless one is on or upcoming, and says which it is.
make_sale() {
  local sales starts=
  sales=$(objects sale list)
  if [[ -z $(of_sales on status) ]]; then
    starts=$(of_sales upcoming starts_at | sort | sed -n 1p)
    if [[ -z $starts ]]; then
      # A sale without an end that is sold out must be ended before the next.
      sed -n "s/^\"id\":\([0-9]*\),\"product\":$product,.*\"status\":\"sold_out\".*/\1/p" <<<"$sales" |
        while read -r sold_out; do shop sale end "$sold_out"; done
      shop sale create --product "$product" --price-cents 1999 --quantity 500 --limit 2 \
        --hold-seconds 120 >/dev/null
    fi
  fi
  if [[ -n $starts ]]; then
    printf '\nA sale of "%s" is upcoming: it starts at %s.\n' "$product_name" "$starts"
  else
    printf '\nA sale of "%s" is on.\n' "$product_name"
  fi
}

# Sets `checkout_secret`, a file that it makes if it is not there: by it the demo's checkout knows what
# the shop tells it.
make_checkout_secret() {
  checkout_secret=$1/demo-checkout.secret
  [[ -s $checkout_secret ]] || (umask 077 && head --bytes 32 /dev/urandom | base64 >"$checkout_secret")
}

# make_demo KNOWN
make_demo() {
  find_product "$1"
  make_operator
  make_sale
}
