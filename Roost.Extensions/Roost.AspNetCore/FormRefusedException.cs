namespace Roost.AspNetCore;

/// <summary>A form was filled in wrongly, in one field or in several.</summary>
internal sealed class FormRefusedException(IReadOnlyDictionary<string, string> problems) : RoostException(string.Join(" ", problems.Values))
{
    /// <summary>What is wrong, by field.</summary>
    public IReadOnlyDictionary<string, string> Problems => problems;
}
