using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Knows which kinds of values the members and elements of a type have held: their types, how a dictionary or set compares, and whether what is
/// computed or has a converter of the user's was ever more than its default. A value that holds something of a new kind is worth a closer look;
/// one of which every kind is known costs a walk over those places alone that can be of several.
/// </summary>
internal sealed class KindsSeen(JsonTypeInfo type)
{
    private readonly JsonSerializerOptions options = type.Options;
    private readonly ConcurrentDictionary<Type, Shape> shapes = new();
    private Place? root;

    private Place Root => root ??= new Place(this, type.Type, member: null);

    /// <summary>Whether it holds something of a kind that has not been added.</summary>
    public bool IsNew(object? value) => Walk(Root, value, add: false, 0);

    /// <summary>Adds every kind of what it holds.</summary>
    public void Add(object? value) => Walk(Root, value, add: true, 0);

    private bool Walk(Place place, object? value, bool add, int depth)
    {
        if (value is null or JsonElement or JsonNode or JsonDocument || depth > JsonText.MaxDepth) return false;
        if (place.IsNew(value, add) && !add) return true;
        if (!place.Leads) return false;
        Shape shape = ShapeOf(value.GetType());
        if (place.SeesKind(value.GetType(), shape.Comparer?.GetValue(value)?.GetType(), add) && !add) return true;
        foreach (Place member in shape.Members)
            if (member.IsOpen && Walk(member, member.Member!.Get!(value), add, depth + 1) && !add) return true;
        return shape.Element is { Leads: true } element && HasNewElement(element, value, add, depth + 1);
    }

    private bool HasNewElement(Place element, object value, bool add, int depth)
    {
        switch (value)
        {
            case IDictionary entries: return HasNewElement(element, entries.Values, add, depth);
            case IList list:
                for (int i = 0; i < list.Count; i++)
                    if (Walk(element, list[i], add, depth) && !add) return true;
                return false;
            case IEnumerable others when Comparison.IsAtHand(others):
                foreach (object? each in others)
                    if (Walk(element, each, add, depth) && !add) return true;
                return false;
            default: return false; // Only worked out when it is asked for.
        }
    }

    private Shape ShapeOf(Type type, HashSet<Type>? within = null) => shapes.TryGetValue(type, out Shape? known) ? known : shapes.GetOrAdd(type, new Shape(this, type, within ?? []));

    /// <summary>What a type has that can be of several kinds.</summary>
    private sealed class Shape
    {
        public Shape(KindsSeen seen, Type type, HashSet<Type> within)
        {
            within.Add(type);
            Comparer = Comparison.ComparerOf(type);
            if (seen.options.TryGetTypeInfo(type, out JsonTypeInfo? info))
            {
                if (info.Kind == JsonTypeInfoKind.Object)
                    Members = [.. info.Properties.Where(member => member.Get is not null).Select(member => new Place(seen, member.PropertyType, member, within)).Where(place => place.IsOpen)];
                else if (info.ElementType is { } element)
                    Element = new Place(seen, element, member: null, within);
            }
            within.Remove(type);
            Leads = Comparer is not null || Members.Length > 0 || Element is { Leads: true };
        }

        public bool Leads { get; }

        public PropertyInfo? Comparer { get; }

        public Place[] Members { get; } = [];

        public Place? Element { get; }
    }

    /// <summary>A member, the elements of a collection, or the value as a whole.</summary>
    private sealed class Place
    {
        private readonly ConcurrentDictionary<(Type Type, Type? Comparer), bool> kinds = new();
        private volatile bool isAwaited;

        public Place(KindsSeen seen, Type declared, JsonPropertyInfo? member, HashSet<Type>? within = null)
        {
            Type type = Nullable.GetUnderlyingType(declared) ?? declared;
            Member = member;
            bool comesBack = member is null || JsonMembers.ComesBack(member, seen.options);
            JsonTypeInfo? info = member?.CustomConverter is null && seen.options.TryGetTypeInfo(type, out JsonTypeInfo? known) ? known : null;
            isAwaited = !comesBack || member?.CustomConverter is not null || (member is not null && info is { Kind: JsonTypeInfoKind.None } && JsonMembers.IsOfUser(info.Converter));
            Leads = comesBack && (type == typeof(object) || (info is { Kind: not JsonTypeInfoKind.None } && (!type.IsSealed || within?.Contains(type) == true || seen.ShapeOf(type, within).Leads)));
        }

        public JsonPropertyInfo? Member { get; }

        /// <summary>Something below it can be of several kinds, or it can itself.</summary>
        public bool Leads { get; }

        /// <summary>It has to be looked at.</summary>
        public bool IsOpen => Leads || isAwaited;

        /// <summary>Whether it is the first time that something computed, or written by the user's converter, is more than its default.</summary>
        public bool IsNew(object value, bool add)
        {
            if (!isAwaited || IsDefault(value)) return false;
            if (add) isAwaited = false;
            return true;
        }

        public bool SeesKind(Type type, Type? comparer, bool add)
        {
            if (kinds.ContainsKey((type, comparer))) return false;
            if (add) kinds.TryAdd((type, comparer), true);
            return true;
        }

        private static bool IsDefault(object value) => value switch
        {
            ValueType => value.Equals(RuntimeHelpers.GetUninitializedObject(value.GetType())),
            string text => text.Length == 0,
            IEnumerable elements => Comparison.IsAtHand(elements) && !elements.Cast<object?>().Any(),
            _ => false,
        };
    }
}
