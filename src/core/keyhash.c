/* SPDX-License-Identifier: MIT */
#include "core/keyhash.h"

static uint32_t sdbm(const uint8_t *at, size_t n)
{
	uint32_t hash = 0;

	while (n--)
		hash = *at++ + (hash << 6) + (hash << 16) - hash;
	return hash;
}

static uint32_t djb2(const uint8_t *at, size_t n)
{
	uint32_t hash = 5381;

	while (n--)
		hash = hash * 33 + *at++;
	return hash;
}

static uint32_t rotate(uint32_t n, unsigned int by)
{
	return n << (by % 32) | n >> ((32 - by) % 32);
}

static uint32_t wt6(const uint8_t *at, size_t n)
{
	uint32_t low = 0xa53c965a;
	uint32_t high = 0x5ca6953a;
	unsigned int left = 6;
	unsigned int right = 18;

	while (n--) {
		uint32_t was;

		low = ~(low ^ *at);
		high = ~(high + *at++);
		was = rotate(high, left);
		high = rotate(low, right);
		low = was;
		left = ((low >> 16) ^ high) & 31;
		right = (((low >> 16) ^ high) & 0xffff) >> 11;
	}
	return low ^ high;
}

static uint32_t crc32(const uint8_t *at, size_t n)
{
	uint32_t hash = UINT32_MAX;

	while (n--) {
		hash ^= *at++;
		for (int bit = 0; bit < 8; bit++)
			hash = hash >> 1 ^ (hash & 1 ? 0xedb88320 : 0);
	}
	return ~hash;
}

uint32_t keyhash_bytes(enum settings_hash_function function, const void *bytes, size_t n)
{
	switch (function) {
	case SETTINGS_HASH_SDBM:
		break;
	case SETTINGS_HASH_DJB2:
		return djb2(bytes, n);
	case SETTINGS_HASH_WT6:
		return wt6(bytes, n);
	case SETTINGS_HASH_CRC32:
		return crc32(bytes, n);
	}
	return sdbm(bytes, n);
}

/* Bob Jenkins' 6-shift integer hash, then spread over the range by a prime near 3/4 of it. */
uint32_t keyhash_avalanche(uint32_t hash)
{
	hash = hash + 0x7ed55d16 + (hash << 12);
	hash = hash ^ 0xc761c23c ^ hash >> 19;
	hash = hash + 0x165667b1 + (hash << 5);
	hash = (hash + 0xd3a2646c) ^ hash << 9;
	hash = hash + 0xfd7046c5 + (hash << 3);
	hash = hash ^ 0xb55a4f09 ^ hash >> 16;
	return hash * 3221225473U;
}

static size_t address_size(const struct addr_ip *ip)
{
	return ip->family == AF_INET ? 4 : ip->family == AF_INET6 ? 16 : 0;
}

/* "source": the address's 32-bit words, folded; no hash function has a part in it. */
static uint32_t fold(const struct addr_ip *ip)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < address_size(ip); i += 4)
		hash ^= (uint32_t)ip->bytes[i] << 24 | (uint32_t)ip->bytes[i + 1] << 16 |
		        (uint32_t)ip->bytes[i + 2] << 8 | ip->bytes[i + 3];
	return hash;
}

/* An address, or a port as the 64-bit number, most significant byte first, that HAProxy hashes. */
static uint32_t hash_input(const struct settings_hash *how, const struct addr_ip *end)
{
	uint8_t port[8] = { [6] = (uint8_t)(end->port >> 8), [7] = (uint8_t)end->port };

	if (how->input == SETTINGS_HASH_SRC || how->input == SETTINGS_HASH_DST)
		return keyhash_bytes(how->function, end->bytes, address_size(end));
	return keyhash_bytes(how->function, port, sizeof(port));
}

bool keyhash_client(const struct settings_service *service, const struct addr_ip *client,
                    const struct addr_ip *local, uint32_t *ret)
{
	const struct settings_hash *how = &service->hash;
	bool is_source = service->balance == SETTINGS_SOURCE;
	const struct addr_ip *end = client;

	if (!is_source && (how->input == SETTINGS_HASH_DST || how->input == SETTINGS_HASH_DST_PORT))
		end = local;
	if (!address_size(end))
		return false;
	*ret = is_source ? fold(end) : hash_input(how, end);
	if (how->avalanche)
		*ret = keyhash_avalanche(*ret);
	return true;
}
