using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>
/// Where an item stands among those of its priority; the least is first. It is one number, so that one index keeps the order:
/// <code>
///   below 0           at the head: it was handed a name, or comes back from a worker that stopped or died
///   n x 2^20          came to the queue, as the n-th
///   n x 2^20 + k      has gone back behind its equals, as the k-th after the n-th had come
/// </code>
/// Where more than 2^20 go back in between, they count as such that have come. Numbers last for 2^42 comers: a thousand a second for more than a century.
/// </summary>
internal readonly record struct Place(long Number)
{
    private const long BetweenComers = 1L << 20;
    private const long ToTheHead = 1L << 62;

    /// <summary>The place of the last that came, at this or before it.</summary>
    public Place LastComer => new(Number & ~(BetweenComers - 1));

    /// <summary>The one behind everything up to here, for an item that comes.</summary>
    public Place OfNextComer => new(LastComer.Number + BetweenComers);

    /// <summary>The one behind it, for an item that has held its slot and goes back behind its equals.</summary>
    public Place OfNextReturned => new(Number + 1);

    /// <summary>The same among those at the head, which keep their order among themselves.</summary>
    public Place AtHead => Number < 0 ? this : new(Number - ToTheHead);

    public static Place? Read(Statement row, int column) => row.NullableInt64(column) is { } number ? new(number) : null;
}
