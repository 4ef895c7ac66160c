// Pillow's arithmetic for images of bytes: weights of 22 binary places, sums of 32 bits, and bytes between the passes.

alias Sum = vec3i;
alias Middle = u32;

const PLACES = 22u;
const BEGIN = vec3i(1 << (PLACES - 1u)); // One half, since a shift rounds down.

fn weigh(sum: Sum, pixel: vec3u, weight: u32) -> Sum {
  return sum + vec3i(pixel) * bitcast<i32>(weight);
}

fn weigh_middle(sum: Sum, middle: Middle, weight: u32) -> Sum {
  return weigh(sum, (vec3u(middle) >> vec3u(0u, 8u, 16u)) & vec3u(0xffu), weight);
}

fn bytes_of(sum: Sum) -> vec3u {
  return vec3u(clamp(sum >> vec3u(PLACES), vec3i(0), vec3i(255)));
}

fn middle_of(sum: Sum) -> Middle {
  let bytes = bytes_of(sum);
  return bytes.x | (bytes.y << 8u) | (bytes.z << 16u);
}

fn value_of(sum: Sum) -> vec3f {
  return vec3f(bytes_of(sum));
}
