using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Knows which kinds of values the members and elements of a type have held: their types, how a dictionary or set compares, whether a member that may
/// be left out was ever at its default, and whether one that is computed, hidden or written by the user's converter was ever at more than that. A
/// value that holds something of a new kind is worth a closer look; one of which every kind is known costs a walk over those places alone.
/// </summary>
internal sealed class KindsSeen(JsonTypeInfo type)
{
    private readonly JsonSerializerOptions options = type.Options;
    private readonly ConcurrentDictionary<Type, Shape> shapes = new();
    private Place? root;

    private Place Root => root ??= new Place(this, type.Type, member: null, []);

    /// <summary>Whether it holds something of a kind that has not been added, or so much that it must lead back to itself.</summary>
    /// <param name="value">The value.</param>
    /// <param name="bytes">How long its JSON is: it cannot hold more values than that.</param>
    public bool IsNew(object? value, int bytes)
    {
        if (!Root.IsOpen) return false; // As with most types.
        var walk = new Walk(this, add: false, bytes);
        return walk.Into(Root, value, 0) || walk.IsTooLong;
    }

    /// <summary>Adds every kind of what it holds.</summary>
    public void Add(object? value, int bytes) => new Walk(this, add: true, bytes).Into(Root, value, 0);

    private Shape ShapeOf(Type type, HashSet<Type>? within = null) =>
        shapes.TryGetValue(type, out Shape? known) ? known : shapes.GetOrAdd(type, new Shape(this, type, within ?? []));

    private sealed class Walk(KindsSeen seen, bool add, int bytes)
    {
        private int left = bytes;

        public bool IsTooLong => left < 0;

        /// <summary>True as soon as something new is found; never where it is added.</summary>
        public bool Into(Place place, object? value, int depth)
        {
            if (place.IsNew(value, add) && !add) return true;
            if (value is null or JsonElement or JsonNode or JsonDocument || !place.Leads || depth > JsonText.MaxDepth || --left < 0) return false;
            Shape shape = seen.ShapeOf(value.GetType());
            if (place.SeesKind(value.GetType(), shape.Comparer?.GetValue(value)?.GetType(), add) && !add) return true;
            foreach (Place member in shape.Members)
                if (member.IsOpen && Into(member, member.ValueOf(value), depth + 1) && !add) return true;
            return shape.Element is { IsOpen: true } element && IntoElements(element, value, depth + 1);
        }

        private bool IntoElements(Place element, object value, int depth)
        {
            switch (value)
            {
                case IDictionary entries: return IntoElements(element, entries.Values, depth);
                case IList list:
                    for (int i = 0; i < list.Count; i++)
                        if (Into(element, list[i], depth) && !add) return true;
                    return false;
                case IEnumerable others when Comparison.IsAtHand(others):
                    foreach (object? each in others)
                        if (Into(element, each, depth) && !add) return true;
                    return false;
                default: return false; // Only worked out when it is asked for.
            }
        }
    }

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
                    Members = [.. info.Properties.Where(member => member.Get is not null).Select(member => new Place(seen, member.PropertyType, member, within))
                        .Concat(JsonMembers.Hidden(info).Select(field => new Place(field))).Where(place => place.IsOpen)];
                else if (JsonMembers.ElementOf(info) is { } element)
                    Element = new Place(seen, element, member: null, within);
            }
            within.Remove(type);
            Leads = Comparer is not null || Members.Length > 0 || Element is { IsOpen: true };
        }

        public bool Leads { get; }

        public PropertyInfo? Comparer { get; }

        public Place[] Members { get; } = [];

        public Place? Element { get; }
    }

    /// <summary>A member, a hidden field, the elements of a collection, or the value as a whole.</summary>
    private sealed class Place
    {
        private readonly ConcurrentDictionary<(Type Type, Type? Comparer), bool> kinds = new();
        private readonly Func<object, object?>? get;
        private volatile bool awaitsValue, awaitsDefault;

        public Place(KindsSeen seen, Type declared, JsonPropertyInfo? member, HashSet<Type> within)
        {
            Type type = Nullable.GetUnderlyingType(declared) ?? declared;
            get = member?.Get;
            bool comesBack = member is null || JsonMembers.ComesBack(member, seen.options);
            JsonTypeInfo? info = member?.CustomConverter is null && seen.options.TryGetTypeInfo(type, out JsonTypeInfo? known) ? known : null;
            awaitsValue =
                !comesBack
                || member?.CustomConverter is not null
                || (member is not null && info is { Kind: JsonTypeInfoKind.None } && JsonMembers.IsOfUser(info.Converter));
            awaitsDefault = member is not null && MayBeLeftOut(member, seen.options);
            Leads =
                comesBack
                && (
                    type == typeof(object)
                    || (info is not null && IsCompound(info) && (!type.IsSealed || within.Contains(type) || seen.ShapeOf(type, within).Leads))
                );
        }

        public Place(FieldInfo hidden)
        {
            get = hidden.GetValue;
            awaitsValue = true;
        }

        /// <summary>Something below it can be of several kinds, or it can itself.</summary>
        public bool Leads { get; }

        /// <summary>It has to be looked at.</summary>
        public bool IsOpen => Leads || awaitsValue || awaitsDefault;

        public object? ValueOf(object owner) => get!(owner);

        /// <summary>Whether it is for the first time at its default, or at more than that, where either is awaited.</summary>
        public bool IsNew(object? value, bool add)
        {
            if (!awaitsValue && !awaitsDefault) return false;
            bool isDefault = IsDefault(value);
            if (isDefault ? !awaitsDefault : !awaitsValue) return false;
            if (add && isDefault) awaitsDefault = false;
            else if (add) awaitsValue = false;
            return true;
        }

        public bool SeesKind(Type type, Type? comparer, bool add)
        {
            if (kinds.ContainsKey((type, comparer))) return false;
            if (add) kinds.TryAdd((type, comparer), true);
            return true;
        }

        private static bool IsCompound(JsonTypeInfo info) => info.Kind != JsonTypeInfoKind.None || info.Converter is IElements;

        /// <summary>By the settings or an attribute, where it has a default to leave out.</summary>
        private static bool MayBeLeftOut(JsonPropertyInfo member, JsonSerializerOptions options) =>
            member.ShouldSerialize is not null
            || options.DefaultIgnoreCondition == JsonIgnoreCondition.WhenWritingDefault
            || (
                options.DefaultIgnoreCondition == JsonIgnoreCondition.WhenWritingNull
                && (!member.PropertyType.IsValueType || Nullable.GetUnderlyingType(member.PropertyType) is not null)
            );

        [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "One of the type is at hand, and no constructor runs.")]
        private static bool IsDefault(object? value) => value switch
        {
            null => true,
            ValueType => value.Equals(RuntimeHelpers.GetUninitializedObject(value.GetType())),
            string text => text.Length == 0,
            IEnumerable elements => Comparison.IsAtHand(elements) && !elements.Cast<object?>().Any(),
            _ => false,
        };
    }
}
