"""Letters as a county's water desk gets them, written for these tests; how a clerk reads them."""

from dataclasses import dataclass

from shared.vocabulary import Category

OUTAGE = Category.OUTAGE
PRESSURE = Category.LOW_PRESSURE
QUALITY = Category.WATER_QUALITY
LEAK = Category.PIPE_LEAK
BILLING = Category.BILLING
CONNECTION = Category.NEW_CONNECTION
SERVICE = Category.SERVICE
OTHER = Category.OTHER
NOT_OURS = Category.NOT_OURS


@dataclass(frozen=True, slots=True)
class Read:
    """A letter and what a clerk says; `urgent` and `repeated` None where clerks may differ."""

    text: str
    category: Category
    second: Category | None = None
    urgent: bool | None = False
    repeated: bool | None = False
    title: str = ""


SURE = (
    # 停水
    Read("我是樊家村三组的，家里从昨天起一滴水都没有，请派人看看。", OUTAGE),
    Read("水龙头没水，问了邻居家也没有，不知道咋回事。", OUTAGE),
    Read("七、八组这几天吃水断断续续，有时候一上午都不来。", OUTAGE, urgent=None, repeated=None),
    Read("我们村停水已经五天了，没人说一声啥时候来。", OUTAGE, urgent=True),
    Read("全村三百多户都没水，娃娃放学回来连口水都喝不上。", OUTAGE, urgent=True),
    Read("机井的水泵又烧了，全村断水两天。", OUTAGE, urgent=True, repeated=True),
    Read("自来水停了四天，家里有八十岁的老人一个人住，挑不动水。", OUTAGE, urgent=True),
    Read("这两天冷，水管冻住了，早上放不出水。", OUTAGE),
    Read("三天两头停水，打电话说修好了，没两天又停。", OUTAGE, repeated=True, urgent=None),
    Read("村小学停水，学生没法吃饭。", OUTAGE, urgent=True),
    Read("天旱，水源井干了，全组吃不上水，要到沟里去拉水。", OUTAGE, urgent=None),
    Read("今天早上突然断水了，事先没接到停水通知。", OUTAGE),
    Read("水塔没上水，下半截的几户有，我们坡上的一直没水。", OUTAGE),
    Read("村里供水一天只放一个小时，根本不够用。", OUTAGE, urgent=None),
    Read("卫生院没水，病人没法看病。", OUTAGE, urgent=True),
    # 水压
    Read("水压太低，二楼上不去水，热水器打不着。", PRESSURE),
    Read("龙头的水细得像线一样，接一桶水要半小时。", PRESSURE),
    Read("到了晚上水小得很，洗不成澡。", PRESSURE),
    Read("我们在坡头上，水量小，做饭都够呛。", PRESSURE),
    Read("换了管子以后水流越来越小。", PRESSURE),
    Read("供水压力不足，太阳能上不去水，反映了好几次。", PRESSURE, repeated=True),
    # 水质
    Read("水龙头流出来的水浑得很，放一会儿桶底一层泥。", QUALITY),
    Read("这几天自来水一股漂白粉味，茶都没法喝。", QUALITY),
    Read("一下雨水就成了泥汤。", QUALITY),
    Read("水里有小红虫，吓得不敢用。", QUALITY),
    Read("水烧开一层白碱，喝了肚子胀，想问水质合不合格。", QUALITY, urgent=None),
    Read("喝了村里的水，娃拉肚子，好几家都这样。", QUALITY, urgent=True),
    Read("自来水发黄，有铁锈味，衣服都洗黄了。", QUALITY),
    Read("水有股臭味，像是死老鼠掉进水池了。", QUALITY, urgent=None),
    Read("井水发苦，能不能给化验一下。", QUALITY),
    # 漏水
    Read("村口主管道爆了，水往路上喷，把人家院子淹了。", LEAK, urgent=True),
    Read("家门口水表井里一直漏水，水白白流了半个月。", LEAK, urgent=None),
    Read("修路把自来水管挖断了，水流了一路。", LEAK, urgent=None),
    Read("自来水管冻裂了，正在往外喷水。", LEAK, urgent=None),
    Read("路面往外冒清水，估计是下面的水管漏了。", LEAK),
    Read("水管接头漏水，修了又漏，已经第三次了。", LEAK, repeated=True),
    Read("地里的供水管破了好些天，没人管。", LEAK, urgent=None),
    # 水费
    Read("这个月水费收了两百多，平时才三十，水表是不是不准。", BILLING),
    Read("家里半年没住人，水表还在走，要交一百多块水费。", BILLING),
    Read("村上收水费一吨五块，比别的村贵，也不给票。", BILLING),
    Read("水表坏了一直按估的收钱，希望换个新水表。", BILLING),
    Read("抄表的好几个月不来，一来就要一大笔水费。", BILLING),
    # 新装
    Read("隔壁村早就通自来水了，我们组到现在还没通，天天挑水吃。", CONNECTION, repeated=None),
    Read("新盖的房子想装自来水，去哪里申请？", CONNECTION),
    Read("自来水管子铺到村口就停了，什么时候能入户？", CONNECTION),
    Read("申请安装自来水交了材料，两个月没消息。", CONNECTION),
    # 服务
    Read("水站的人态度恶劣，打电话就骂人，报修没人理。", SERVICE),
    Read("供水站的服务电话从来没人接。", SERVICE),
    # 两件事
    Read("水压低得很，热水器用不成，而且水里有泥沙，发黄。", PRESSURE, QUALITY),
    Read("停水三天，来了水又是黄的，有股臭味。", OUTAGE, QUALITY, urgent=True),
    Read("水里尽是泥沙，根本不能喝，水费还收得比城里高。", QUALITY, BILLING),
    # 不归我们
    Read("下雨天屋顶漏水，楼上防水没做好，物业不管。", NOT_OURS),
    Read("家里暖气漏水，供暖公司一直不来修。", NOT_OURS),
    Read("下水道堵了，污水流到街上，臭得很。", NOT_OURS),
    Read("河道里有人倒垃圾，河水发黑。", NOT_OURS),
    Read("水渠坏了，庄稼没法灌溉。", NOT_OURS),
    Read("村里昨晚停电，到现在没来电。", NOT_OURS),
    Read("小区物业因为物业费跟业主闹矛盾，不让业主进门。", NOT_OURS),
    Read("天然气停气三天了，没法做饭。", NOT_OURS),
    Read("暖气不热，室内温度才十四度。", NOT_OURS),
    Read("一下大雨村道就积水，排水沟堵了没人清。", NOT_OURS),
    Read("村里养猪场的粪水直接排到沟里，臭味熏人。", NOT_OURS),
    Read("修路的水泥质量差，路面都裂了。", NOT_OURS),
    Read("楼上卫生间漏水，把我家天花板泡了。", NOT_OURS),
    Read("买的桶装水有异味，商家不给退。", NOT_OURS),
    Read("化粪池满了往外溢。", NOT_OURS),
    Read("地下车库渗水，开发商不管。", NOT_OURS),
    Read("供热管网爆了，小区停暖。", NOT_OURS),
    Read("煤改气补贴啥时候发？", NOT_OURS),
    # 带着别的事，仍归我们
    Read("路灯不亮，垃圾没人拉，最要紧的是自来水停了三天没人管。", OUTAGE, urgent=True),
    Read("村里停电好了，可水还是没来，水龙头干的。", OUTAGE),
    # 各样的说法
    Read("许庙村五组，今儿个早上到现在水管里没一点水。", OUTAGE),
    Read(
        "领导你好，我村吃水问题一直没解决，两三天才来一回水，来的时候还得半夜起来接。",
        OUTAGE,
        repeated=None,
        urgent=None,
    ),
    Read("自来水又不来了，上个月才修的。", OUTAGE, repeated=True),
    Read("我们这里已经连着一个礼拜没有自来水了，老人娃娃都没法洗脸。", OUTAGE, urgent=True),
    Read("村上的抽水机坏了，水塔里没水，谁给修？", OUTAGE),
    Read("干旱，泉水断流，村民吃水靠消防车送。", OUTAGE, urgent=None),
    Read("变压器烧了，机井抽不上水，全村没水吃。", OUTAGE, urgent=True),
    Read("家里来水特别小，洗衣机都进不去水。", PRESSURE),
    Read("三楼上不去水，物业说是自来水压力的事。", PRESSURE),
    Read("水上不来，白天还行，做饭时间就成了细线线。", PRESSURE),
    Read("自来水里头有沙子，把洗衣机滤网都堵了。", QUALITY),
    Read("水有点发浑，还有一股土腥味，能喝不能喝？", QUALITY),
    Read("放出来的水跟牛奶一样白，过一会才清。", QUALITY),
    Read("水太咸了，熬稀饭都不烂，是不是水源有问题。", QUALITY),
    Read("消毒粉放得太多，洗脸都呛鼻子。", QUALITY),
    Read("水池子好多年没洗过，水里漂着草和树叶。", QUALITY),
    Read("上游有人往水源地倒农药瓶子，我们村就喝这个水。", QUALITY, urgent=None),
    Read("主水管断了，水哗哗往外淌，都两天了。", LEAK, urgent=None),
    Read("挖掘机施工把水管挖烂了，没人来接。", LEAK, urgent=None),
    Read("水表前面的阀门滴水，一晚上能接一桶。", LEAK),
    Read("公路边的闸阀井往外溢水，结冰了车打滑。", LEAK, urgent=None),
    Read("水费咋算的？上月走了三吨，这月走了三十吨。", BILLING),
    Read("装水表收了我八百块，合理不合理？", BILLING, urgent=None),
    Read("水价到底一吨多少钱，有没有文件？", BILLING),
    Read("我家在新农村，一直没接上自来水，吃的是窖水。", CONNECTION),
    Read("搬迁点的房子盖好了，水没通，住不进去。", CONNECTION),
    Read("想给老屋通水，找谁办手续？", CONNECTION),
    Read("水管员说话难听，叫他来修爱来不来。", SERVICE),
    Read("修水管的师傅收了钱不开票，态度还差。", SERVICE, urgent=None),
    Read("我家屋面漏雨，危房改造没给我报上。", NOT_OURS),
    Read("污水处理厂臭气熏天，晚上睡不着。", NOT_OURS),
    Read("小区暖气管爆了，水流了一楼道。", NOT_OURS),
    Read("地暖不热，物业让放水放气，还是不热。", NOT_OURS),
    Read("厕所改造后化粪池漏，味道大。", NOT_OURS),
    Read("煤气公司上门收费，不给开通。", NOT_OURS),
    Read("卖的净水器是假货，商家跑了。", NOT_OURS),
    Read("河堤垮了，洪水来了怎么办。", NOT_OURS),
    Read("我家水压不低，就是水费比邻居高出一倍。", BILLING),
    Read("现在不停水了，但是水发黄不能喝。", QUALITY),
    Read("管子不漏了，谢谢师傅，就是水压比以前小。", PRESSURE),
    Read("之前停水的事已经解决了，这次反映水里有虫。", QUALITY, repeated=None),
    # 12345 的写法
    Read(
        "来电人咨询玉山镇许庙村二组何时能够恢复供水，目前已停水2天。",
        OUTAGE,
        urgent=True,
        title="咨询供水",
    ),
    Read(
        "来电人第三次来电反映停水问题，此前回复已修好，但三天后再次停水，对处理结果不满意。",
        OUTAGE,
        urgent=None,
        repeated=True,
        title="再次反映停水",
    ),
    Read(
        "来电人称本月水费较上月多出一百余元，怀疑水表计量不准，要求核查。",
        BILLING,
        title="水费纠纷",
    ),
    Read(
        "来电人反映部分农户至今未通自来水，靠山泉水生活，冬季结冰无法取水，希望解决饮水问题。",
        CONNECTION,
        urgent=None,
        title="自来水未通",
    ),
    Read(
        "来电人反映其所住安置楼顶楼漏水，多次找物业维修未果。",
        NOT_OURS,
        repeated=None,
        title="房屋漏水",
    ),
    Read("全组吃不上水，家里还有个瘫痪的老人，水泵坏了三天没人修。", OUTAGE, urgent=True),
    Read("喝了水以后村里十几个人上吐下泻，怀疑水源被污染。", QUALITY, urgent=True),
    Read("村幼儿园的水是黄的，孩子们咋喝？", QUALITY, urgent=True),
    Read("抗旱浇地没水，渠里干了，玉米快旱死了。", NOT_OURS),
    Read("停电了水也没有，是不是水厂没电？", OUTAGE),
    Read("热水器打不着火，水压太小。", PRESSURE),
    Read("在水厂干活，老板拖欠工资半年了。", NOT_OURS),
    Read("女儿家在县城，城里停暖了没人管。", NOT_OURS),
)
"""Letters on which the first reading must be right."""

OPEN = (
    Read("怎么还没人来？", OTHER, urgent=None, repeated=None),
    Read("听说要停水，是真的吗？", OTHER),
    Read("漏水。", OTHER, urgent=None, repeated=None),
    Read("请问明天的停水通知是真的吗，几点来水？", OTHER, urgent=None),
    Read("水库放水把我家玉米地淹了。", NOT_OURS, urgent=None),
    Read("灌溉用的机井电费太高。", NOT_OURS),
    Read("你好", OTHER, urgent=None),
    Read("村里的事没人管，请领导来看看。", OTHER, urgent=None),
    Read("家里漏水，不知道是水管还是屋顶。", OTHER, urgent=None),
)
"""Letters on which a person must look, whatever the first reading guesses."""
