namespace Roost.Samples.Watchlist;

/// <summary>What makes a payload impossible, so that trying again would not help.</summary>
internal static class WatchCheck
{
    private const int MaxChecks = 10_000;
    private const double MaxDelaySeconds = 86_400;

    public static string? Problem(Watch watch)
    {
        if (!Uri.TryCreate(watch.Url, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            return $"url is {(watch.Url is null ? "missing" : $"\"{watch.Url}\"")}; give an absolute http or https address, such as https://example.com.";
        if (watch.ChecksRequired is not (>= 1 and <= MaxChecks))
            return $"checks_required is {watch.ChecksRequired}; give a number from 1 to {MaxChecks}.";
        if (watch.DelaySeconds is not (>= 0 and <= MaxDelaySeconds))
            return $"delay_seconds is {watch.DelaySeconds}; give a number from 0 to {MaxDelaySeconds}.";
        return null;
    }
}
